// The server loop: connections in, handlers typed by the protocol table, events out.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { RpcError } from '../errors.js';
import type { EventBody, EventKind, EventName } from '../event-kinds.js';
import { lxc, type Program, qemu, remote } from '../protocol/index.js';
import { eventKinds } from '../protocol/messages.js';
import { features } from '../protocol/numbers.js';
import type { Values } from '../xdr.js';
import { ServerClient } from './client.js';
import type { AnyHandlers, OpenRequest, ServedClient, ServedProgram, ServerContext } from './context.js';
import type {
  Authentication,
  ClientInfo,
  ClientOrigin,
  Handlers,
  ProgramHandlers,
  SubscriptionCheck,
} from './handlers.js';
import { defaultLimits, type ServerLimits } from './limits.js';
import { eventRow } from './subscriptions.js';

/** What a server is made of; S is the state the caller keeps per connection. */
export interface ServerOptions<S> {
  /** Accepts or refuses (by throwing a `libvirtError`) a connection and makes its state. */
  open(request: OpenRequest): S | Promise<S>;
  /** Called once when an opened connection has ended, for whatever reason. */
  closed?(session: S, client: ClientInfo, reason: RpcError): void;
  handlers: Partial<Handlers<S>>;
  lxc?: Partial<ProgramHandlers<typeof lxc.calls, S>>;
  qemu?: Partial<ProgramHandlers<typeof qemu.calls, S>>;
  authentication?: Authentication;
  /** Whether a session may see an event; by default every session sees all. */
  sees?(session: S, kind: EventKind, subject: unknown): boolean;
  checkSubscription?: SubscriptionCheck<S>;
  /** Numbers of `features` answered with yes, besides keepalive. */
  features?: readonly number[];
  /** Pings of clients that ask for them; `false` refuses. */
  keepalive?: { intervalMs: number; count: number } | false;
  limits?: Partial<ServerLimits>;
  /** Told of exceptions in handlers that were no `libvirtError`: faults of the program, to be logged. */
  fault?(error: unknown, where: string): void;
}

/** What an event is published with: its message without the callback id, objects as they are named on the wire. */
export type Published<K extends EventKind, N extends EventName<K>> = {
  [F in Exclude<keyof EventBody<K, N>, 'callbackId'>]: EventBody<K, N>[F] extends infer V
    ? V extends { readonly uuid: string; readonly name: string }
      ? PlainIdentity<V>
      : V
    : never;
};
type PlainIdentity<V> = {
  [P in keyof V as V[P] extends (...parameters: never) => unknown ? never : P]: V[P];
};

const defaultFeatures = [
  features.typedParamString,
  features.remoteEventCallback,
  features.remoteCloseCallback,
  features.networkUpdateHasCorrectOrder,
];

function serve<S>(
  program: Program,
  handlers: AnyHandlers<S> | undefined,
): [number, ServedProgram<S>] | undefined {
  if (handlers === undefined) return undefined;
  const rows = new Map(Object.entries(program.calls).map(([name, row]) => [row.number, { name, row }]));
  return [program.number, { program, rows, handlers: { ...handlers } }];
}

/** Serves the protocol to any number of connections; see the `listen…` functions for transports. */
export class RpcServer<S> {
  readonly #options: ServerOptions<S>;
  readonly #context: ServerContext<S>;
  readonly #clients = new Set<ServedClient<S>>();
  #received = 0;
  #lastClientId = 0;
  #lastCallbackId = -1;
  #isClosed = false;

  constructor(options: ServerOptions<S>) {
    this.#options = options;
    const { authentication, checkSubscription, keepalive = { intervalMs: 5000, count: 5 } } = options;
    const programs = [serve(remote, options.handlers), serve(lxc, options.lxc), serve(qemu, options.qemu)];
    this.#context = {
      limits: { ...defaultLimits, ...options.limits },
      programs: new Map(programs.filter((entry) => entry !== undefined)),
      features: new Set(options.features ?? defaultFeatures),
      keepalive,
      authentication,
      open: (request) => options.open(request),
      checkSubscription: checkSubscription && checkWith(checkSubscription),
      nextCallbackId: () => {
        this.#lastCallbackId = (this.#lastCallbackId + 1) & 0x7fffffff;
        return this.#lastCallbackId;
      },
      account: (client, bytes) => this.#account(client, bytes),
      fault: (error, where) => options.fault?.(error, where),
      gone: (client, reason) => this.#gone(client, reason),
    };
  }

  /** Connections at this moment. */
  get clientCount(): number {
    return this.#clients.size;
  }

  /** Bytes of requests in memory at this moment, of all clients. */
  get receivedBytes(): number {
    return this.#received;
  }

  /** Takes over a connection whose transport is ready; `opened` is called when the client has opened it. */
  accept(socket: Duplex, origin: ClientOrigin, opened?: () => void): void {
    const { maxClients, maxUnauthenticated } = this.#context.limits;
    if (this.#isClosed || this.#clients.size >= maxClients) return void socket.destroy();
    const client = new ServerClient(this.#context, ++this.#lastClientId, socket, origin, opened);
    this.#clients.add(client);
    if (client.isAuthenticated) return;
    const waiting = [...this.#clients].filter((other) => !other.isAuthenticated).length;
    if (waiting > maxUnauthenticated)
      client.drop(new RpcError('closed', `more than ${maxUnauthenticated} clients wait for authentication`));
  }

  /** Sends an event to every client that has asked for it and may see it. */
  publish<K extends EventKind, N extends EventName<K>>(kind: K, name: N, body: Published<K, N>): void {
    const row = eventRow(kind, name);
    if (row === undefined) throw new RpcError('invalid', `${kind} has no event '${name}'`);
    const values: Values = body;
    const subject = values[eventKinds[kind].subject];
    for (const client of this.#clients) {
      const { session } = client;
      if (session === undefined || this.#options.sees?.(session, kind, subject) === false) continue;
      client.notify(row, subject, values);
    }
  }

  /** Ends all connections once their replies have left; accepts none any more. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client.close();
  }

  #account(client: ServedClient<S>, bytes: number): void {
    this.#received += bytes;
    if (bytes <= 0 || this.#received <= this.#context.limits.maxReceivedBytes) return;
    let biggest = client;
    for (const other of this.#clients) if (other.received > biggest.received) biggest = other;
    biggest.drop(new RpcError('too-large', `client ${biggest.id} has too much waiting`));
  }

  #gone(client: ServedClient<S>, reason: RpcError): void {
    this.#clients.delete(client);
    const { session } = client;
    if (session !== undefined) this.#options.closed?.(session, client, reason);
  }
}

function checkWith<S>(check: SubscriptionCheck<S>): NonNullable<ServerContext<S>['checkSubscription']> {
  return async (row, subject, client) => {
    if (client.session === undefined) return;
    const target = typeof subject === 'object' ? subject : null;
    await check(row.kind, row.name, target, client.session);
  };
}
