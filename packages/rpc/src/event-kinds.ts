// Kinds and names of events, and what each brings, derived from the protocol table.
// SPDX-License-Identifier: Apache-2.0
import type { Wrapped } from './client/object-methods.js';
import type { RemoteMessages } from './protocol/index.js';
import type { eventKinds } from './protocol/messages.js';
import type { Fields } from './xdr.js';

type EventKinds = typeof eventKinds;
/** What an event is about: a domain, network, storage pool, node device or secret, by its key in `eventKinds`. */
export type EventKind = keyof EventKinds;
/** The names of a kind's events, such as `lifecycle` or `metadataChange`. */
export type EventName<K extends EventKind> = keyof EventKinds[K]['events'] & string;

type MessageOf<E> = E extends { readonly message: infer M extends keyof RemoteMessages }
  ? RemoteMessages[M]
  : never;
type BodyFields<M> = M extends { readonly body: { readonly fields: infer F extends Fields } } ? F : never;

/** What an event brings: the message's fields, its objects with methods. */
export type EventBody<K extends EventKind, N extends EventName<K>> = {
  [F in keyof BodyFields<MessageOf<EventKinds[K]['events'][N]>>]: Wrapped<
    BodyFields<MessageOf<EventKinds[K]['events'][N]>>[F]
  >;
};
