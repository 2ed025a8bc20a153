// The procedures a server answers by itself: opening, authentication, features, registration of events.
// SPDX-License-Identifier: Apache-2.0
import type { EventKind } from '../event-kinds.js';
import { eventKindNames, eventKinds } from '../protocol/messages.js';
import type { Values } from '../xdr.js';
import type { Authentication, ClientInfo, SaslStep } from './handlers.js';
import type { Subscriptions } from './subscriptions.js';

/** The side of a connection these procedures act on. */
export interface OwnClient extends ClientInfo {
  readonly subscriptions: Subscriptions;
  offeredTypes(): number[];
  polkit(): Promise<{ complete: number }>;
  sasl(): NonNullable<Authentication['sasl']>;
  saslStep(step: Promise<SaslStep>): Promise<Values>;
  open(name: string | null, flags: number): Promise<void>;
  leave(): void;
  supports(feature: number): boolean;
  subscribe(kind: EventKind, id: number, subject: unknown): Promise<{ callbackId: number }>;
}

/** A procedure the server answers by itself. */
export type OwnHandler = (client: OwnClient, args: Values) => unknown;

const lifecycle = 0;

function eventHandlers(): Record<string, OwnHandler> {
  const handlers: Record<string, OwnHandler> = {};
  for (const kind of eventKindNames) {
    const { register, deregister, subject } = eventKinds[kind];
    handlers[register] = (client, args) => client.subscribe(kind, Number(args.eventId), args[subject]);
    handlers[deregister] = (client, args) => client.subscriptions.remove(kind, Number(args.callbackId));
  }
  return handlers;
}

/** The peer's part of a SASL exchange; null where it says that there is none. */
const saslData = ({ nil, data }: Values): Uint8Array | null =>
  nil === 0 && data instanceof Uint8Array ? data : null;

/** By name; every other procedure is the handlers'. */
export const ownProcedures: Readonly<Record<string, OwnHandler>> = {
  ...eventHandlers(),
  authList: (client) => ({ types: client.offeredTypes() }),
  authPolkit: (client) => client.polkit(),
  authSaslInit: (client) => ({ mechlist: client.sasl().mechanisms(client) }),
  authSaslStart: (client, args) =>
    client.saslStep(client.sasl().start(client, String(args.mech), saslData(args))),
  authSaslStep: (client, args) => client.saslStep(client.sasl().step(client, saslData(args))),
  connectOpen: (client, { name, flags }) =>
    client.open(typeof name === 'string' ? name : null, Number(flags)),
  connectClose: (client) => client.leave(),
  connectSupportsFeature: (client, { feature }) => ({ supported: client.supports(Number(feature)) ? 1 : 0 }),
  connectDomainEventRegister: (client) => {
    client.subscriptions.addLegacy(lifecycle);
    return { cbRegistered: 1 };
  },
  connectDomainEventDeregister: (client) => {
    client.subscriptions.removeLegacy(lifecycle);
    return { cbRegistered: 0 };
  },
  connectDomainEventRegisterAny: (client, { eventId }) => client.subscriptions.addLegacy(Number(eventId)),
  connectDomainEventDeregisterAny: (client, { eventId }) =>
    client.subscriptions.removeLegacy(Number(eventId)),
  connectRegisterCloseCallback: () => undefined,
  connectUnregisterCloseCallback: () => undefined,
};

/** Names of the procedures a server answers by itself. */
export const ownProcedureNames: readonly string[] = Object.keys(ownProcedures);
