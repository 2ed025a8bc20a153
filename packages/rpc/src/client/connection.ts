// A connection by URI: transport, authentication, keepalive, then objects with methods, and events.
// SPDX-License-Identifier: Apache-2.0

import { RpcError } from '../errors.js';
import type { EventBody, EventKind, EventName } from '../event-kinds.js';
import { type RemoteMessages, remote } from '../protocol/index.js';
import { eventKinds } from '../protocol/messages.js';
import { authTypes, errorCodes, features } from '../protocol/numbers.js';
import type { DialOptions } from '../transport/dialer.js';
import { dialers } from '../transport/index.js';
import { parseUri } from '../transport/uri.js';
import type { Fields, Shape, Values } from '../xdr.js';
import { type MessageBody, RpcClient } from './client.js';
import { EventQueue } from './events.js';
import type { ConnectionMethods, ObjectKind, ObjectOf } from './object-methods.js';
import { connectionMethods, fieldsWrapper } from './objects.js';

/** How to connect, beyond what the URI says. */
export interface ConnectOptions extends Partial<DialOptions> {
  /** When to ping a silent server, and how many pings may stay without answer; `false` never pings. */
  keepalive?: { intervalMs: number; count: number } | false;
}

/** Of which object events are wanted, and until when. */
export interface EventOptions<K extends ObjectKind> {
  /** Only events of this object; by default of all. */
  subject?: ObjectOf<K>;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

const defaultKeepalive = { intervalMs: 5000, count: 5 };
const readOnlyFlag = 1;

/** Messages that say which registration they are for. */
type EventMessage = {
  [N in keyof RemoteMessages]: RemoteMessages[N]['body']['fields'] extends {
    readonly callbackId: Shape<number>;
  }
    ? N
    : never;
}[keyof RemoteMessages];

/** What every connection has besides the methods derived from the protocol. */
class ConnectionBase {
  /** The protocol below: any procedure of any program. */
  readonly client: RpcClient;
  /** The name the server was asked for, for example `qemu:///system`. */
  readonly name: string;

  constructor(client: RpcClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** Events as they come, until the loop is left, `signal` fires or the connection ends, which throws. */
  async *events<K extends EventKind, N extends EventName<K>>(
    kind: K,
    name: N,
    options: EventOptions<K> = {},
  ): AsyncGenerator<EventBody<K, N>, void, undefined> {
    const { register, deregister, subject } = eventKinds[kind];
    const events: Readonly<Record<string, { id: number; message: EventMessage }>> = eventKinds[kind].events;
    const event = events[name];
    if (event === undefined) throw new RpcError('invalid', `${kind} has no event '${name}'`);
    const { fields }: { readonly fields: Fields } = remote.messages[event.message].body;
    const wrapBody = fieldsWrapper(fields);
    // An event may arrive before the reply that names its callback.
    const early: MessageBody<RemoteMessages[EventMessage]>[] = [];
    let callbackId: number | undefined;
    const off = this.client.on(event.message, (message) => {
      if (callbackId === undefined) early.push(message);
      else if (message.callbackId === callbackId) queue.push(message);
    });
    const queue = new EventQueue<Values>(async () => {
      off();
      options.signal?.removeEventListener('abort', stop);
      if (callbackId !== undefined) await this.client.invoke(remote, deregister, { callbackId });
    });
    const stop = () => void queue.return();
    options.signal?.addEventListener('abort', stop, { once: true });
    void this.client.closed.then((reason) => queue.fail(reason));
    try {
      const args = { eventId: event.id, [subject]: options.subject ?? null };
      const reply = await this.client.invoke(remote, register, args);
      callbackId = Number(reply.callbackId);
      for (const message of early) if (message.callbackId === callbackId) queue.push(message);
      if (options.signal?.aborted) return;
      for await (const body of queue) {
        // The message was decoded by the shape its type is derived from.
        yield (wrapBody === undefined ? body : wrapBody(this.client, body)) as EventBody<K, N>;
      }
    } finally {
      await queue.return();
    }
  }

  /** Says goodbye to the server and ends the connection. */
  async close(): Promise<void> {
    try {
      await this.client.call('connectClose');
    } catch (error) {
      // A server that is gone already needs no goodbye.
      if (!(error instanceof RpcError)) throw error;
    }
    await this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A connection: every procedure of the table that needs no object is a method. */
export type Connection = ConnectionBase & ConnectionMethods;

function isLibvirtError(error: unknown, ...codes: number[]): boolean {
  return error instanceof RpcError && error.details !== undefined && codes.includes(error.details.code);
}

async function authenticate(client: RpcClient, signal: AbortSignal | undefined): Promise<void> {
  let types: number[] = [];
  try {
    ({ types } = await client.call('authList', {}, { signal }));
  } catch (error) {
    // A server that does not know the question asks for nothing.
    if (!isLibvirtError(error, errorCodes.noSupport)) throw error;
  }
  if (types.length === 0 || types.includes(authTypes.none)) return;
  if (!types.includes(authTypes.polkit))
    throw new RpcError(
      'auth',
      `the server demands SASL, which is not available: use ssh or TLS certificates`,
    );
  try {
    await client.call('authPolkit', {}, { signal });
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    throw new RpcError('auth', `the server refused: ${cause.message}`, { cause });
  }
}

async function askKeepalive(client: RpcClient, options: ConnectOptions): Promise<void> {
  if (options.keepalive === false) return;
  const { intervalMs, count } = options.keepalive ?? defaultKeepalive;
  try {
    const args = { feature: features.programKeepalive };
    const { supported } = await client.call('connectSupportsFeature', args, { signal: options.signal });
    if (supported === 1) client.watch(intervalMs, count);
  } catch (error) {
    // Old servers do not know the question: they are left in peace.
    if (!isLibvirtError(error, errorCodes.noSupport)) throw error;
  }
}

/** Connects to a libvirt daemon, for example `connect('qemu+ssh://root@host/system')`. */
export async function connect(uriText: string, options: ConnectOptions = {}): Promise<Connection> {
  const uri = parseUri(uriText);
  const { readOnly = false, signal, tls } = options;
  const client = new RpcClient(await dialers[uri.transport](uri, { readOnly, signal, tls }));
  try {
    await authenticate(client, signal);
    await askKeepalive(client, options);
    const args = { name: uri.name === '' ? null : uri.name, flags: readOnly ? readOnlyFlag : 0 };
    await client.call('connectOpen', args, { signal });
  } catch (error) {
    await client.close();
    throw error;
  }
  return Object.assign(new ConnectionBase(client, uri.name), connectionMethods(client));
}
