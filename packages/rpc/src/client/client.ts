// The client's end of a connection: calls as promises, messages to listeners, streams as Duplex.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { RpcError } from '../errors.js';
import { decodePayload, encodeFrame, type Frame, messageStatus, messageType } from '../frame.js';
import { Link } from '../link.js';
import { type Program, type RemoteCalls, type RemoteMessages, remote } from '../protocol/index.js';
import type { Message, Procedure, ValueOf } from '../protocol/row.js';
import { fromWire } from '../remote-error.js';
import { ClientStream } from '../streams.js';
import type { Fields, Shape, StructOf, Values } from '../xdr.js';

/** `signal` gives up waiting; the server still carries the call out, as the protocol knows no cancelling. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

type FieldsOf<S> = S extends { readonly fields: infer F extends Fields } ? F : never;

/** Procedures of the remote program that are followed by a stream. */
export type StreamName = {
  [N in keyof RemoteCalls & string]: 'none' extends RemoteCalls[N]['stream'] ? never : N;
}[keyof RemoteCalls & string];

/** Procedures of the remote program that are answered by a reply alone. */
export type CallName = Exclude<keyof RemoteCalls & string, StreamName>;

/** What a procedure is called with; the argument may be left out where the procedure takes none. */
export type CallParameters<P extends Procedure> = keyof FieldsOf<P['args']> extends never
  ? [args?: Readonly<Record<string, never>>, options?: CallOptions]
  : [args: StructOf<FieldsOf<P['args']>>, options?: CallOptions];

/** What a procedure answers. */
export type CallResult<P extends Procedure> = ValueOf<FieldsOf<P['result']>>;

/** The body of a message. */
export type MessageBody<M extends Message> = StructOf<FieldsOf<M['body']>>;

interface Pending {
  readonly program: Program;
  readonly procedure: Procedure;
  /** Undefined once nobody waits any more. */
  settle: { resolve(value: Values): void; reject(error: unknown): void } | undefined;
  stream: ClientStream | undefined;
}

type Settle = NonNullable<Pending['settle']>;

/** Gives up waiting when the signal fires; the entry stays, so that the late reply is recognised and dropped. */
function abortable(
  entry: Pending,
  signal: AbortSignal,
  resolve: Settle['resolve'],
  reject: Settle['reject'],
): Settle {
  const giveUp = () => {
    entry.settle = undefined;
    reject(signal.reason);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  const settled = () => signal.removeEventListener('abort', giveUp);
  return {
    resolve(value) {
      settled();
      resolve(value);
    },
    reject(error) {
      settled();
      reject(error);
    },
  };
}

type Listener = (body: Values) => void;

const anyProgram: Program = remote;

/** Speaks the protocol over one connection whose transport is ready; see `connect` for URIs. */
export class RpcClient {
  /** Settles when the connection has ended, with the reason. */
  readonly closed: Promise<RpcError>;
  readonly #link: Link;
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, ClientStream>();
  readonly #listeners = new Map<Message, Set<Listener>>();
  readonly #messages = new Map<string, Message>();
  #serial = 0;
  #reason: RpcError | undefined;

  constructor(socket: Duplex) {
    let end: (reason: RpcError) => void;
    this.closed = new Promise((resolve) => {
      end = resolve;
    });
    this.#link = new Link(socket, {
      frame: (frame) => this.#receive(frame),
      closed: (reason) => {
        this.#reason = reason;
        for (const { settle } of this.#pending.values()) settle?.reject(reason);
        this.#pending.clear();
        for (const stream of this.#streams.values()) stream.lose(reason);
        this.#streams.clear();
        end(reason);
      },
    });
  }

  /** Calls a procedure of the remote program. */
  call<N extends CallName>(
    name: N,
    ...parameters: CallParameters<RemoteCalls[N]>
  ): Promise<CallResult<RemoteCalls[N]>> {
    return this.callIn(remote, name, ...parameters);
  }

  /** Calls a procedure of another program, for example `qemu`. */
  callIn<P extends Program, N extends keyof P['calls'] & string>(
    program: P,
    name: N,
    ...[args, options]: CallParameters<P['calls'][N]>
  ): Promise<CallResult<P['calls'][N]>> {
    // The row's result shape is the one the return type is derived from.
    return this.invoke(program, name, args ?? {}, options) as Promise<CallResult<P['calls'][N]>>;
  }

  /** Calls a procedure that is followed by a stream. */
  open<N extends StreamName>(
    name: N,
    ...[args, options]: CallParameters<RemoteCalls[N]>
  ): Promise<{ stream: ClientStream; result: CallResult<RemoteCalls[N]> }> {
    // As in `callIn`.
    return this.invokeStream(remote, name, args ?? {}, options) as Promise<{
      stream: ClientStream;
      result: CallResult<RemoteCalls[N]>;
    }>;
  }

  /** Calls a procedure by a name known at run time only; arguments are checked as they are encoded. */
  async invoke(program: Program, name: string, args: unknown, options?: CallOptions): Promise<Values> {
    return this.#send(this.#start(program, name, false), args, options);
  }

  /** As `invoke`, for a procedure that is followed by a stream. */
  async invokeStream(
    program: Program,
    name: string,
    args: unknown,
    options?: CallOptions,
  ): Promise<{ stream: ClientStream; result: Values }> {
    const pending = this.#start(program, name, true);
    const result = await this.#send(pending, args, options);
    if (pending.entry.stream === undefined) throw new RpcError('closed', `${name}: the stream is gone`);
    return { stream: pending.entry.stream, result };
  }

  /** Listens to a message of the remote program; the returned function stops it. */
  on<N extends keyof RemoteMessages & string>(
    name: N,
    listener: (body: MessageBody<RemoteMessages[N]>) => void,
  ): () => void {
    const row = remote.messages[name];
    const listeners = this.#listeners.get(row) ?? new Set();
    this.#listeners.set(row, listeners);
    this.#messages.set(`${remote.number}/${row.number}`, row);
    // The row's body shape is the one the listener's type is derived from.
    const entry: Listener = (body) => listener(body as MessageBody<RemoteMessages[N]>);
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /** Pings a silent server every `intervalMs` and closes when `count` pings stay without answer. */
  watch(intervalMs: number, count: number): void {
    this.#link.watch(intervalMs, count);
  }

  /** Ends the connection; calls under way fail with `closed`. */
  async close(): Promise<void> {
    this.#link.finish();
    await this.closed;
  }

  #start(program: Program, name: string, wantsStream: boolean): { serial: number; entry: Pending } {
    const procedure = program.calls[name];
    if (procedure === undefined) throw new RpcError('invalid', `${program.name} has no procedure '${name}'`);
    if (procedure.descriptors || wantsStream !== (procedure.stream !== 'none')) {
      const reason = procedure.descriptors
        ? 'passes file descriptors, which Node cannot'
        : wantsStream
          ? 'has no stream: use call()'
          : 'is followed by a stream: use open()';
      throw new RpcError('unsupported', `${name} ${reason}`);
    }
    do this.#serial = (this.#serial + 1) >>> 0;
    while (this.#pending.has(this.#serial) || this.#streams.has(this.#serial));
    return { serial: this.#serial, entry: { program, procedure, settle: undefined, stream: undefined } };
  }

  #send(
    { serial, entry }: { serial: number; entry: Pending },
    args: unknown,
    options: CallOptions = {},
  ): Promise<Values> {
    const { program, procedure } = entry;
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) return reject(this.#reason);
      if (signal?.aborted) return reject(signal.reason);
      const header = {
        program: program.number,
        version: program.version,
        procedure: procedure.number,
        type: messageType.call,
        serial,
        status: messageStatus.ok,
      };
      const shape: Shape<unknown> = procedure.args;
      const frame = encodeFrame(header, shape, args);
      entry.settle = signal === undefined ? { resolve, reject } : abortable(entry, signal, resolve, reject);
      this.#pending.set(serial, entry);
      this.#link.send(frame);
    });
  }

  #receive(frame: Frame): void {
    switch (frame.type) {
      case messageType.reply:
      case messageType.replyWithFds: {
        this.#reply(frame);
        return;
      }
      case messageType.message: {
        this.#message(frame);
        return;
      }
      case messageType.stream:
      case messageType.streamHole:
        this.#streams.get(frame.serial)?.receive(frame);
        return;
      default:
        throw new RpcError('protocol', `the server sent a frame of type ${frame.type}`);
    }
  }

  #reply(frame: Frame): void {
    const entry = this.#pending.get(frame.serial);
    const { program, procedure } = entry ?? { program: anyProgram, procedure: undefined };
    if (entry === undefined || procedure?.number !== frame.procedure || program.number !== frame.program)
      throw new RpcError('protocol', `reply to call ${frame.serial} of ${frame.procedure} was not asked for`);
    this.#pending.delete(frame.serial);
    try {
      if (frame.status === messageStatus.error) throw fromWire(frame.payload);
      const result = decodePayload(procedure.result, frame.payload);
      if (procedure.stream !== 'none') this.#openStream(frame, entry);
      entry.settle?.resolve(result);
    } catch (error) {
      entry.settle?.reject(error);
    }
  }

  #openStream(frame: Frame, entry: Pending): void {
    const { program, version, procedure, serial } = frame;
    const stream = new ClientStream({
      link: this.#link,
      program,
      version,
      procedure,
      serial,
      direction: entry.procedure.stream,
      forget: () => this.#streams.delete(serial),
    });
    this.#streams.set(serial, stream);
    entry.stream = stream;
    if (entry.settle === undefined) stream.destroy();
  }

  #message(frame: Frame): void {
    const row = this.#messages.get(`${frame.program}/${frame.procedure}`);
    const listeners = row && this.#listeners.get(row);
    if (row === undefined || listeners === undefined || listeners.size === 0) return;
    const body = decodePayload(row.body, frame.payload);
    for (const listener of [...listeners]) listener(body);
  }
}
