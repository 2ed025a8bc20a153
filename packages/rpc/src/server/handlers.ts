// What a server is given: handlers typed by the protocol table, and how clients prove who they are.
// SPDX-License-Identifier: Apache-2.0
import type { CallName, CallResult, StreamName } from '../client/client.js';
import type { EventKind } from '../event-kinds.js';
import type { RemoteCalls } from '../protocol/index.js';
import type { Procedure } from '../protocol/row.js';
import type { ServerStream } from '../streams.js';
import type { Fields, StructOf } from '../xdr.js';

/** Where a client comes from. */
export interface ClientOrigin {
  readonly transport: 'unix' | 'tcp' | 'tls' | 'other';
  /** A connection that may only read, whatever it asks for. */
  readonly readOnly: boolean;
  /** Peer address, or the subject of its certificate. */
  readonly peer?: string | undefined;
}

/** One connection as handlers see it. */
export interface ClientInfo {
  /** Counted from 1 over the life of the server. */
  readonly id: number;
  readonly origin: ClientOrigin;
  readonly readOnly: boolean;
  /** Fires when the connection ends. */
  readonly signal: AbortSignal;
  /** Ends the connection. */
  close(): void;
}

/** One call under way; `session` is what `open` returned for the connection. */
export interface ServerCall<S> {
  readonly name: string;
  readonly client: ClientInfo;
  readonly session: S;
}

/** A call that is followed by a stream: `openStream` once, before the handler settles. */
export interface StreamCall<S> extends ServerCall<S> {
  openStream(options?: { allowHalfOpen?: boolean }): ServerStream;
}

type FieldsOf<T> = T extends { readonly fields: infer F extends Fields } ? F : never;
type ArgsOf<P extends Procedure> = StructOf<FieldsOf<P['args']>>;
type Answer<P extends Procedure> = CallResult<P> | Promise<CallResult<P>>;

/** Procedures the server itself answers. */
export type ServerOwned =
  | `auth${string}`
  | `connect${string}Event${string}`
  | `connect${string}CloseCallback`
  | 'connectOpen'
  | 'connectClose'
  | 'connectSupportsFeature';

/** A function per procedure; one that is missing is answered as unknown. */
export type Handlers<S> = {
  [N in Exclude<CallName, ServerOwned>]: (
    args: ArgsOf<RemoteCalls[N]>,
    call: ServerCall<S>,
  ) => Answer<RemoteCalls[N]>;
} & {
  [N in StreamName]: (args: ArgsOf<RemoteCalls[N]>, call: StreamCall<S>) => Answer<RemoteCalls[N]>;
};

/** Handlers of another program, for example `lxc`. */
export type ProgramHandlers<C extends Readonly<Record<string, Procedure>>, S> = {
  [N in keyof C & string]: (args: ArgsOf<C[N]>, call: ServerCall<S>) => Answer<C[N]>;
};

/** Step of a SASL exchange; `complete` ends it. */
export interface SaslStep {
  complete: boolean;
  data: Uint8Array | null;
}

/** How clients prove who they are; a client that is offered `none` needs no proof. */
export interface Authentication {
  /** Numbers of `authTypes` to offer; clients take the first. */
  types(client: ClientInfo): number[];
  polkit?(client: ClientInfo): Promise<boolean>;
  sasl?: {
    mechanisms(client: ClientInfo): string;
    start(client: ClientInfo, mechanism: string, data: Uint8Array | null): Promise<SaslStep>;
    step(client: ClientInfo, data: Uint8Array | null): Promise<SaslStep>;
  };
}

/** Called before a registration for events is confirmed; throws to refuse it. `name` is one of those of the kind. */
export type SubscriptionCheck<S> = (
  kind: EventKind,
  name: string,
  subject: object | null,
  session: S,
) => void | Promise<void>;
