// What the connections of one server share, and how they see each other.
// SPDX-License-Identifier: Apache-2.0
import type { RpcError } from '../errors.js';
import type { Program } from '../protocol/index.js';
import type { Procedure } from '../protocol/row.js';
import type { Values } from '../xdr.js';
import type { Authentication, ClientInfo, StreamCall } from './handlers.js';
import type { ServerLimits } from './limits.js';
import type { EventRow } from './subscriptions.js';

/** A client that opens its connection; `name` is what is left of its URI, for example `lxc:///system`. */
export interface OpenRequest {
  readonly name: string;
  readonly flags: number;
  readonly client: ClientInfo;
}

/** A connection as the server sees it. */
export interface ServedClient<S> extends ClientInfo {
  readonly session: S | undefined;
  readonly isAuthenticated: boolean;
  /** Bytes of requests held for this client. */
  readonly received: number;
  /** Ends the connection at once. */
  drop(reason: RpcError): void;
  /** Sends an event to each of the client's matching registrations. */
  notify(row: EventRow, subject: unknown, body: Values): void;
}

/** A handler, the types of its arguments and answer forgotten. */
export type AnyHandler<S> = (args: never, call: StreamCall<S>) => unknown;

/** Handlers by the names of their procedures. */
export type AnyHandlers<S> = Readonly<Record<string, AnyHandler<S> | undefined>>;

/** A program as the server looks calls up in it. */
export interface ServedProgram<S> {
  readonly program: Program;
  readonly rows: ReadonlyMap<number, { readonly name: string; readonly row: Procedure }>;
  readonly handlers: AnyHandlers<S>;
}

/** What the connections of one server share. */
export interface ServerContext<S> {
  readonly limits: ServerLimits;
  readonly programs: ReadonlyMap<number, ServedProgram<S>>;
  readonly features: ReadonlySet<number>;
  readonly keepalive: { intervalMs: number; count: number } | false;
  readonly authentication: Authentication | undefined;
  open(request: OpenRequest): S | Promise<S>;
  checkSubscription:
    | ((row: EventRow, subject: unknown, client: ServedClient<S>) => Promise<void>)
    | undefined;
  nextCallbackId(): number;
  account(client: ServedClient<S>, bytes: number): void;
  fault(error: unknown, where: string): void;
  gone(client: ServedClient<S>, reason: RpcError): void;
}
