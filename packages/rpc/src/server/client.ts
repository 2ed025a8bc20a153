// The server's end of one connection: order, limits, authentication, and dispatch to handlers.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { RpcError } from '../errors.js';
import type { EventKind } from '../event-kinds.js';
import { decodePayload, encodeFrame, type Frame, messageStatus, messageType } from '../frame.js';
import { Link } from '../link.js';
import { type Program, remote } from '../protocol/index.js';
import { authTypes, features } from '../protocol/numbers.js';
import { remoteError } from '../protocol/objects.js';
import type { Message, Procedure } from '../protocol/row.js';
import { libvirtError, toWire, unknownProcedure } from '../remote-error.js';
import { ServerStream } from '../streams.js';
import type { Shape, Values } from '../xdr.js';
import type { AnyHandler, ServedClient, ServerContext } from './context.js';
import type { Authentication, ClientOrigin, SaslStep, StreamCall } from './handlers.js';
import type { ServerLimits } from './limits.js';
import { type OwnClient, ownProcedures } from './own-procedures.js';
import { forbidden, isForbidden, unsupported } from './read-only.js';
import { type EventRow, Subscriptions } from './subscriptions.js';

const readOnlyFlag = 1;
/** Calls a client may make before it has opened its connection. */
const beforeOpen = /^(auth|connectOpen$|connectClose$|connectSupportsFeature$)/;
const beforeAuthentication = /^auth/;

function notOpen(): RpcError {
  return libvirtError('internalError', 'rpc', 'internal error: hypervisor connection not open');
}

/** One connected client. */
export class ServerClient<S> implements ServedClient<S>, OwnClient {
  readonly id: number;
  readonly origin: ClientOrigin;
  readonly link: Link;
  readonly subscriptions: Subscriptions;
  readOnly: boolean;
  isAuthenticated: boolean;
  session: S | undefined;
  received = 0;
  readonly #context: ServerContext<S>;
  readonly #limits: ServerLimits;
  readonly #abort = new AbortController();
  readonly #streams = new Map<number, ServerStream>();
  readonly #queue: Frame[] = [];
  #running = 0;
  #runningBytes = 0;
  #queuedBytes = 0;
  #unsentEventBytes = 0;
  #isHolding = false;
  #isOpening = false;
  #isLeaving = false;
  readonly #openTimer: NodeJS.Timeout;
  readonly #opened: (() => void) | undefined;

  constructor(
    context: ServerContext<S>,
    id: number,
    socket: Duplex,
    origin: ClientOrigin,
    opened?: () => void,
  ) {
    this.#context = context;
    this.#limits = context.limits;
    this.id = id;
    this.origin = origin;
    this.#opened = opened;
    this.readOnly = origin.readOnly;
    this.subscriptions = new Subscriptions(this.#limits.maxSubscriptions, context.nextCallbackId);
    this.link = new Link(
      socket,
      {
        frame: (frame) => this.#receive(frame),
        closed: (reason) => this.#closed(reason),
        buffered: () => this.#account(),
        fault: (error) => context.fault(error, `a frame of client ${id}`),
      },
      { limit: this.#limits.maxUnopenedFrameBytes, frameTimeoutMs: this.#limits.frameTimeoutMs },
    );
    this.isAuthenticated = this.offeredTypes().includes(authTypes.none);
    this.#openTimer = setTimeout(() => {
      this.link.close(new RpcError('timeout', `client ${id} did not open its connection in time`));
    }, this.#limits.openTimeoutMs).unref();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  close(): void {
    this.link.finish();
  }

  drop(reason: RpcError): void {
    this.link.close(reason);
  }

  notify(row: EventRow, subject: unknown, body: Values): void {
    for (const callbackId of this.subscriptions.targets(row, subject)) {
      if (callbackId !== undefined) this.#message(row.message, { ...body, callbackId });
      else if (row.legacy !== undefined) this.#message(row.legacy, body);
    }
  }

  #message(row: Message, body: Values): void {
    if (this.#unsentEventBytes > this.#limits.maxUnsentEventBytes)
      return void this.link.close(new RpcError('overflow', `client ${this.id} does not read its events`));
    const header = {
      program: remote.number,
      version: remote.version,
      procedure: row.number,
      type: messageType.message,
      // libvirtd's own choice; clients accept any.
      serial: 1,
      status: messageStatus.ok,
    };
    const frame = encodeFrame<unknown>(header, row.body, body);
    this.#unsentEventBytes += frame.length;
    this.link.send(frame, () => {
      this.#unsentEventBytes -= frame.length;
    });
  }

  // What the client asks the server itself.

  offeredTypes(): number[] {
    return this.#context.authentication?.types(this) ?? [authTypes.none];
  }

  async polkit(): Promise<{ complete: number }> {
    const check = this.#context.authentication?.polkit;
    if (check === undefined || !(await check(this)))
      throw libvirtError('authFailed', 'rpc', 'authentication failed: access denied by policy');
    this.isAuthenticated = true;
    return { complete: 1 };
  }

  sasl(): NonNullable<Authentication['sasl']> {
    const sasl = this.#context.authentication?.sasl;
    if (sasl === undefined)
      throw libvirtError('authUnavailable', 'auth', 'authentication unavailable: no SASL here');
    return sasl;
  }

  async saslStep(step: Promise<SaslStep>): Promise<Values> {
    const { complete, data } = await step;
    if (complete) this.isAuthenticated = true;
    return { complete: complete ? 1 : 0, nil: data === null ? 1 : 0, data: data ?? new Uint8Array() };
  }

  async open(name: string | null, flags: number): Promise<void> {
    if (this.#isOpening)
      throw libvirtError('internalError', 'rpc', 'internal error: connection already open');
    this.#isOpening = true;
    if ((flags & readOnlyFlag) !== 0) this.readOnly = true;
    try {
      this.session = await this.#context.open({ name: name ?? '', flags, client: this });
    } catch (error) {
      this.#isOpening = false;
      throw error;
    }
    clearTimeout(this.#openTimer);
    this.#opened?.();
    this.link.splitter.limit = this.#limits.maxFrameBytes;
  }

  leave(): void {
    this.#isLeaving = true;
  }

  supports(feature: number): boolean {
    if (feature !== features.programKeepalive) return this.#context.features.has(feature);
    const { keepalive } = this.#context;
    if (keepalive === false) return false;
    this.link.watch(keepalive.intervalMs, keepalive.count);
    return true;
  }

  async subscribe(kind: EventKind, id: number, subject: unknown): Promise<{ callbackId: number }> {
    const row = this.subscriptions.find(kind, id);
    await this.#context.checkSubscription?.(row, subject, this);
    return { callbackId: this.subscriptions.add(row, subject) };
  }

  // Frames in.

  #receive(frame: Frame): void {
    switch (frame.type) {
      case messageType.call:
      case messageType.callWithFds:
        this.#queue.push(frame);
        this.#queuedBytes += frame.payload.length;
        this.#advance();
        return;
      case messageType.stream:
      case messageType.streamHole:
        // Late frames of a stream that is over are dropped in silence.
        this.#streams.get(frame.serial)?.receive(frame);
        return;
      case messageType.message:
        return;
      default:
        throw new RpcError('protocol', `client ${this.id} sent a frame of type ${frame.type}`);
    }
  }

  #account(): void {
    if (this.signal.aborted) return;
    const received = this.link.splitter.buffered + this.#queuedBytes + this.#runningBytes;
    this.#context.account(this, received - this.received);
    this.received = received;
  }

  /** Starts calls while the client has some to spare, and stops reading when too many wait. */
  #advance(): void {
    while (this.#running < this.#limits.maxInFlight && !this.link.closing) {
      const frame = this.#queue.shift();
      if (frame === undefined) break;
      this.#queuedBytes -= frame.payload.length;
      this.#start(frame);
    }
    const isFull =
      this.#queue.length >= this.#limits.maxQueued || this.#queuedBytes > this.#limits.maxQueuedBytes;
    if (isFull === this.#isHolding) return;
    this.#isHolding = isFull;
    if (isFull) this.link.hold();
    else this.link.release();
  }

  #start(frame: Frame): void {
    const bytes = frame.payload.length;
    this.#running++;
    this.#runningBytes += bytes;
    void this.#answer(frame).then((reply) => {
      const done = () => {
        this.#running--;
        this.#runningBytes -= bytes;
        this.#account();
        this.#advance();
      };
      this.link.send(reply, done);
      this.#streams.get(frame.serial)?.replied();
      if (this.#isLeaving) this.link.finish();
    });
  }

  /** The reply frame; never rejects. */
  async #answer(frame: Frame): Promise<Buffer> {
    const { program: programNumber, version, procedure, serial } = frame;
    const header = { program: programNumber, version, procedure, serial, type: messageType.reply };
    try {
      const { program, name, row, handler } = this.#find(frame);
      let args: Values;
      try {
        args = decodePayload(row.args, frame.payload);
      } catch (cause) {
        if (!(cause instanceof RpcError)) throw cause;
        throw libvirtError('rpc', 'rpc', `Unable to decode message payload: ${cause.message}`);
      }
      if (this.readOnly && isForbidden(row, args)) throw forbidden(name);
      const result = await this.#invoke(program, name, row, handler, args, frame);
      const shape: Shape<unknown> = row.result;
      return encodeFrame({ ...header, status: messageStatus.ok }, shape, result ?? {});
    } catch (error) {
      const stream = this.#streams.get(serial);
      this.#streams.delete(serial);
      stream?.lose(new RpcError('closed', 'the call that opened the stream failed'));
      return encodeFrame(
        { ...header, status: messageStatus.error },
        remoteError,
        toWire(this.#wireError(error, frame)),
      );
    }
  }

  #wireError(error: unknown, frame: Frame): RpcError {
    if (error instanceof RpcError && error.code === 'libvirt') return error;
    this.#context.fault(error, `call ${frame.procedure} of client ${this.id}`);
    return libvirtError('internalError', 'rpc', 'internal error: the call failed unexpectedly');
  }

  #find(frame: Frame): {
    program: Program;
    name: string;
    row: Procedure;
    handler: AnyHandler<S> | undefined;
  } {
    const program = this.#context.programs.get(frame.program);
    if (program === undefined || frame.version !== program.program.version)
      throw libvirtError('rpc', 'rpc', `Cannot find program ${frame.program} version ${frame.version}`);
    if (frame.status !== messageStatus.ok)
      throw libvirtError('rpc', 'rpc', `Unexpected message status ${frame.status}`);
    const entry = program.rows.get(frame.procedure);
    if (entry === undefined) throw unknownProcedure(frame.procedure);
    const { name, row } = entry;
    if (!this.isAuthenticated && !beforeAuthentication.test(name))
      throw libvirtError('rpc', 'rpc', 'authentication required');
    if (this.session === undefined && !beforeOpen.test(name)) throw notOpen();
    const handler = program.handlers[name];
    const isOwn = program.program === remote && ownProcedures[name] !== undefined;
    if (handler === undefined && !isOwn) throw unsupported(name);
    if (frame.type === messageType.callWithFds)
      throw libvirtError('operationUnsupported', 'rpc', 'Operation not supported: passing file descriptors');
    return { program: program.program, name, row, handler };
  }

  async #invoke(
    program: Program,
    name: string,
    row: Procedure,
    handler: AnyHandler<S> | undefined,
    args: Values,
    frame: Frame,
  ): Promise<unknown> {
    const ownHandler = program === remote ? ownProcedures[name] : undefined;
    if (ownHandler !== undefined) return await ownHandler(this, args);
    const { session } = this;
    if (session === undefined) throw notOpen();
    const call: StreamCall<S> = {
      name,
      client: this,
      session,
      openStream: (options) => this.#openStream(row, frame, options),
    };
    // Handlers are typed by the same rows that decoded the arguments.
    const result = await handler?.(args as never, call);
    if (row.stream !== 'none' && !this.#streams.has(frame.serial))
      throw new RpcError('invalid', `the handler of ${name} opened no stream`);
    return result;
  }

  #openStream(row: Procedure, frame: Frame, options?: { allowHalfOpen?: boolean }): ServerStream {
    if (row.stream === 'none' || this.#streams.has(frame.serial))
      throw new RpcError('invalid', `call ${frame.procedure} has no stream to open`);
    if (this.#streams.size >= this.#limits.maxStreams)
      throw libvirtError('rpc', 'streams', `too many streams, at most ${this.#limits.maxStreams}`);
    const { program, version, procedure, serial } = frame;
    const origin = {
      link: this.link,
      program,
      version,
      procedure,
      serial,
      direction: row.stream,
      forget: () => this.#streams.delete(serial),
    };
    const stream = new ServerStream(origin, options);
    // Handlers may add their own listener; without one an abort by the client must not end the process.
    stream.on('error', () => {});
    this.#streams.set(serial, stream);
    return stream;
  }

  #closed(reason: RpcError): void {
    clearTimeout(this.#openTimer);
    this.#queue.length = 0;
    this.#context.account(this, -this.received);
    this.received = 0;
    for (const stream of this.#streams.values()) stream.lose(reason);
    this.#streams.clear();
    this.#abort.abort(reason);
    this.#context.gone(this, reason);
  }
}
