// One connection as frames: both ends read, write, hold back and watch it in the same way.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { RpcError } from './errors.js';
import {
  encodeRawFrame,
  type Frame,
  FrameSplitter,
  maxFrameBytes,
  messageStatus,
  messageType,
} from './frame.js';
import { keepalive } from './protocol/index.js';

/** What a link tells its owner; `closed` comes exactly once and last. */
export interface LinkOwner {
  frame(frame: Frame): void;
  closed(reason: RpcError): void;
  /** Told of exceptions that are no broken input but faults of this program; without it they are thrown. */
  fault?(error: unknown): void;
  /** Called when the bytes held for frames may have changed. */
  buffered?(): void;
}

function keepaliveFrame(row: { readonly number: number }): Buffer {
  return encodeRawFrame({
    program: keepalive.number,
    version: keepalive.version,
    procedure: row.number,
    type: messageType.message,
    serial: 0,
    status: messageStatus.ok,
  });
}

/** How much a link takes from its peer, and how long it waits for it. */
export interface LinkOptions {
  /** The biggest frame. */
  readonly limit?: number;
  /** How long the peer may pause within a frame; without it, for ever. */
  readonly frameTimeoutMs?: number;
}

/** How long a peer may take to read what was written before the connection was ended. */
const farewellMs = 2000;

const ping = keepaliveFrame(keepalive.messages.ping);
const pong = keepaliveFrame(keepalive.messages.pong);

/** Turns a byte stream into frames and back, answers pings, and closes on the first broken frame. */
export class Link {
  readonly socket: Duplex;
  readonly splitter: FrameSplitter;
  readonly #owner: LinkOwner;
  #holds = 0;
  #reading = false;
  #heard = true;
  #timer: NodeJS.Timeout | undefined;
  #reason: RpcError | undefined;
  readonly #frameTimeoutMs: number | undefined;
  #frameTimer: NodeJS.Timeout | undefined;

  constructor(socket: Duplex, owner: LinkOwner, { limit = maxFrameBytes, frameTimeoutMs }: LinkOptions = {}) {
    this.socket = socket;
    this.#owner = owner;
    this.splitter = new FrameSplitter(limit);
    this.#frameTimeoutMs = frameTimeoutMs;
    socket.on('data', (chunk: Buffer) => {
      this.#heard = true;
      this.splitter.push(chunk);
      this.#read();
      this.#owner.buffered?.();
      this.#awaitRest();
    });
    socket.on('error', (cause) => {
      this.close(new RpcError('closed', `connection lost: ${cause.message}`, { cause }));
    });
    socket.on('end', () => this.close(new RpcError('closed', 'the peer closed the connection')));
    socket.on('close', () => {
      clearInterval(this.#timer);
      clearTimeout(this.#frameTimer);
      const reason = this.#reason ?? new RpcError('closed', 'the connection is closed');
      this.#reason = reason;
      this.#owner.closed(reason);
    });
  }

  get closing(): boolean {
    return this.#reason !== undefined;
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#holds === 0 && !this.closing) {
        const frame = this.splitter.next();
        if (frame === undefined) break;
        if (frame.program === keepalive.number) this.#keepalive(frame);
        else this.#owner.frame(frame);
      }
    } catch (error) {
      if (error instanceof RpcError) this.close(error);
      else if (this.#owner.fault === undefined) throw error;
      else {
        this.#owner.fault(error);
        this.close(new RpcError('closed', 'a fault of this program', { cause: error }));
      }
    } finally {
      this.#reading = false;
    }
  }

  /** Whoever has begun a frame has to go on with it. */
  #awaitRest(): void {
    clearTimeout(this.#frameTimer);
    if (this.#frameTimeoutMs === undefined || this.splitter.buffered === 0 || this.closing) return;
    this.#frameTimer = setTimeout(() => {
      // Held back, the peer cannot go on.
      if (this.#holds > 0) this.#awaitRest();
      else this.close(new RpcError('timeout', 'the peer did not go on with a frame that it had begun'));
    }, this.#frameTimeoutMs).unref();
  }

  #keepalive(frame: Frame): void {
    if (frame.type === messageType.message && frame.procedure === keepalive.messages.ping.number)
      this.send(pong);
  }

  /** `sent` is called when the bytes have left this process. */
  send(frame: Uint8Array, sent?: (error?: Error | null) => void): void {
    if (this.closing) sent?.(this.#reason);
    else this.socket.write(frame, sent);
  }

  /** Stops reading until `release` was called as often; the peer then has to wait. */
  hold(): void {
    if (++this.#holds === 1) this.socket.pause();
  }

  release(): void {
    if (--this.#holds > 0) return;
    this.#read();
    if (this.#holds === 0 && !this.closing) this.socket.resume();
  }

  /** Pings when the peer is silent for `intervalMs`; closes after `count` pings without any sign of life. */
  watch(intervalMs: number, count: number): void {
    clearInterval(this.#timer);
    let silent = 0;
    this.#heard = true;
    this.#timer = setInterval(() => {
      // A peer that is held back cannot be heard; the ping still finds out whether it is gone.
      if (this.#holds > 0) return this.send(ping);
      if (this.#heard) silent = 0;
      else if (silent++ >= count) {
        const seconds = (intervalMs * (count + 1)) / 1000;
        return this.close(new RpcError('timeout', `the peer has been silent for ${seconds} s`));
      }
      this.#heard = false;
      if (silent > 0) this.send(ping);
    }, intervalMs);
    this.#timer.unref();
  }

  /** Ends the connection at once; what was written before may be lost. */
  close(reason: RpcError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    clearInterval(this.#timer);
    this.socket.destroy();
  }

  /** Ends the connection once everything written has left, or the peer takes too long to read it. */
  finish(): void {
    if (this.#reason !== undefined) return;
    this.#reason = new RpcError('closed', 'the connection is closed');
    clearInterval(this.#timer);
    this.#timer = setTimeout(() => this.socket.destroy(), farewellMs).unref();
    this.socket.end(() => this.socket.destroy());
  }
}
