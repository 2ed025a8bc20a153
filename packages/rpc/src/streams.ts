// Streams inside a connection (console, channel, volume data) as Node Duplex streams, for both ends.
// SPDX-License-Identifier: Apache-2.0
import { Duplex } from 'node:stream';
import { RpcError } from './errors.js';
import {
  encodeFrame,
  encodeRawFrame,
  type Frame,
  type FrameHeader,
  maxStreamBytes,
  messageStatus,
  messageType,
} from './frame.js';
import type { Link } from './link.js';
import { remoteError } from './protocol/objects.js';
import type { StreamDirection } from './protocol/row.js';
import { fromWire, toWire } from './remote-error.js';

/** The call that opened the stream, and what to do once nothing more can arrive for it. */
export interface StreamOrigin {
  link: Link;
  program: number;
  version: number;
  procedure: number;
  serial: number;
  direction: StreamDirection;
  forget(): void;
}

/** What one slow reader may pile up before its whole connection has to wait. */
const readAheadBytes = 1 << 20;

abstract class WireStream extends Duplex {
  protected readonly origin: StreamOrigin;
  /** Nothing more may be sent for this stream. */
  protected isOver = false;
  readonly #header: FrameHeader;
  #holding = false;
  #isAtEnd = false;

  constructor(origin: StreamOrigin, allowHalfOpen: boolean) {
    super({ allowHalfOpen, readableHighWaterMark: readAheadBytes, writableHighWaterMark: maxStreamBytes });
    this.origin = origin;
    const { program, version, procedure, serial } = origin;
    this.#header = {
      program,
      version,
      procedure,
      serial,
      type: messageType.stream,
      status: messageStatus.ok,
    };
  }

  protected sendStatus(status: number, sent?: (error?: Error | null) => void): void {
    this.origin.link.send(encodeRawFrame({ ...this.#header, status }), sent);
  }

  protected sendError(error: RpcError): void {
    const header = { ...this.#header, status: messageStatus.error };
    this.origin.link.send(encodeFrame(header, remoteError, toWire(error)));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.isOver) {
      done();
      return;
    }
    const header = { ...this.#header, status: messageStatus.continue };
    let at = 0;
    const next = (error?: Error | null): void => {
      if (error || at >= chunk.length) {
        done(error);
        return;
      }
      const part = chunk.subarray(at, at + maxStreamBytes);
      at += part.length;
      this.origin.link.send(encodeRawFrame(header, part), next);
    };
    next();
  }

  override _read(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.origin.link.release();
  }

  /** Data for the reader; while it does not read, the connection waits. */
  protected deliver(payload: Buffer): void {
    if (this.destroyed || this.#isAtEnd) return;
    if (this.push(payload) || this.#holding) return;
    this.#holding = true;
    this.origin.link.hold();
  }

  /** Tells the reader that no more data comes. */
  protected deliverEnd(): void {
    if (this.destroyed || this.#isAtEnd) return;
    this.#isAtEnd = true;
    this.push(null);
  }

  /** Marks the stream as over on the wire. */
  protected finishWire(): void {
    this.isOver = true;
    this.origin.forget();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.isOver && !this.origin.link.closing) this.abandon(error);
    if (this.#holding) {
      this.#holding = false;
      this.origin.link.release();
    }
    done(error);
  }

  /** Tells the peer that this end leaves early. */
  protected abstract abandon(error: Error | null): void;

  /** Handles a stream frame from the peer. */
  receive(frame: Frame): void {
    if (frame.type === messageType.streamHole) this.destroy(new RpcError('unsupported', this.noHoles));
    else if (frame.status === messageStatus.continue) this.receiveData(frame.payload);
    else this.receiveEnd(frame);
  }

  /** Why a hole is refused. */
  protected abstract readonly noHoles: string;

  /** Takes a piece of the peer's data. */
  protected abstract receiveData(payload: Buffer): void;

  /** Handles the frame with which the peer finishes or aborts. */
  protected abstract receiveEnd(frame: Frame): void;

  /** Ends the stream with the connection. */
  lose(reason: RpcError): void {
    this.isOver = true;
    this.destroy(reason);
  }
}

/**
 * The client's end. `end()` asks the server to finish and waits for its confirmation; the server's end of data
 * ends both directions; `destroy()` aborts.
 */
export class ClientStream extends WireStream {
  protected override readonly noHoles = 'the server sent a hole that was not asked for';
  #finished: ((error?: Error | null) => void) | undefined;

  constructor(origin: StreamOrigin) {
    super(origin, true);
    if (origin.direction === 'upload') this.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finished = done;
    this.sendStatus(messageStatus.ok);
  }

  protected override receiveData(payload: Buffer): void {
    if (payload.length > 0) {
      this.deliver(payload);
      return;
    }
    // An empty piece is the server's end of data.
    this.deliverEnd();
    this.end();
  }

  protected override receiveEnd(frame: Frame): void {
    const wasWaiting = this.#finished !== undefined || this.destroyed;
    this.finishWire();
    if (frame.status === messageStatus.error) {
      this.destroy(
        frame.payload.length > 0
          ? fromWire(frame.payload)
          : new RpcError('closed', 'the server aborted the stream'),
      );
    } else if (wasWaiting) {
      this.deliverEnd();
      this.#finished?.();
    } else this.destroy(new RpcError('protocol', 'the server finished the stream unasked'));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // The stream may end in the very turn that opened it: whoever waits for it must get to listen first.
    super._destroy(error, (failure) => setImmediate(done, failure));
  }

  protected override abandon(): void {
    // The serial stays known until the server confirms, so that late data is dropped in silence.
    if (this.#finished === undefined) this.sendStatus(messageStatus.error);
  }
}

/**
 * The server's end. The client's finish ends the readable side and is confirmed once the writable side has
 * ended too; `end()` before that tells the client that no more data comes; `destroy(error)` sends the error.
 */
export class ServerStream extends WireStream {
  protected override readonly noHoles = 'sparse streams are not supported';
  #isAsked = false;
  #hasEnded = false;
  #isReplied = false;
  #waiting: (() => void)[] = [];

  constructor(origin: StreamOrigin, options: { allowHalfOpen?: boolean } = {}) {
    super(origin, options.allowHalfOpen ?? origin.direction === 'download');
    if (origin.direction === 'download') {
      this.deliverEnd();
      this.resume();
    }
  }

  /** Lets data flow: no stream frame may overtake the reply that opens the stream. */
  replied(): void {
    this.#isReplied = true;
    for (const action of this.#waiting.splice(0)) action();
  }

  #afterReply(action: () => void): void {
    if (this.#isReplied) action();
    else this.#waiting.push(action);
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A client that has asked to finish reads no more data.
    if (this.#isAsked) {
      done();
      return;
    }
    this.#afterReply(() => super._write(chunk, encoding, done));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#hasEnded = true;
    this.#afterReply(() => {
      if (this.#isAsked) this.#confirm();
      else if (this.origin.direction !== 'upload') this.sendStatus(messageStatus.continue);
      done();
    });
  }

  #confirm(): void {
    this.sendStatus(messageStatus.ok);
    this.finishWire();
  }

  protected override receiveData(payload: Buffer): void {
    this.deliver(payload);
  }

  protected override receiveEnd(frame: Frame): void {
    if (frame.status === messageStatus.error) {
      this.#confirm();
      this.destroy(new RpcError('closed', 'the client aborted the stream'));
      return;
    }
    this.#isAsked = true;
    if (this.#hasEnded) this.#confirm();
    else if (this.origin.direction === 'download') {
      this.#confirm();
      this.destroy();
    }
    this.deliverEnd();
  }

  protected override abandon(error: Error | null): void {
    if (this.#hasEnded && error === null) return;
    this.#afterReply(() => {
      this.sendError(error instanceof RpcError ? error : new RpcError('closed', 'the stream was aborted'));
      this.finishWire();
    });
  }
}
