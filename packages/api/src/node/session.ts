// The client's end of an exec or console connection: three streams and a status over one socket.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { ApiError } from '../errors.js';
import {
  decodeNumber,
  encodeFrame,
  encodeJson,
  encodeNumber,
  encodeResize,
  type Frame,
  FrameDecoder,
  type FrameType,
  maxDataBytes,
  stdinWindowBytes,
} from '../session/frame.js';
import { parseErrorBody } from '../wire.js';

/** A running program or attached console. Both output streams must be read, or the session stands still. */
export interface ClientSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The program's exit status (0 for a console that closed); rejects with ApiError if the connection breaks. */
  readonly exited: Promise<number>;
  resize(columns: number, rows: number): void;
  /** Sends a signal, by its number, to the program and what it has begun. */
  signal(number: number): void;
  /** Ends them at once. */
  kill(): void;
  /** Leaves: a console goes on without us, a program is killed by the daemon. */
  close(): void;
}

/** Opens a session on an upgraded socket; resolves when the daemon says it runs. */
export function openSession(socket: Socket, head: Buffer, open: unknown): Promise<ClientSession> {
  return new SessionOverSocket(socket).open(head, open);
}

type Deferred<T> = { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void };

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever awaits it sees the failure; nobody awaiting must not end the process.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

class SessionOverSocket implements ClientSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #opened = deferred<ClientSession>();
  readonly #exit = deferred<number>();
  #ended = false;
  #windowBytes = stdinWindowBytes;
  #onWindow: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const read = () => {
      if (!this.#ended) socket.resume();
    };
    this.stdout = new Readable({ read });
    this.stderr = new Readable({ read });
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.#sendStdin(chunk, done),
      final: (done) => {
        this.#send(encodeFrame('stdinEnd'));
        done();
      },
    });
    // The program may end while stdin is still being written: its exit status tells enough.
    this.stdin.on('error', () => undefined);
  }

  get exited(): Promise<number> {
    return this.#exit.promise;
  }

  open(head: Buffer, open: unknown): Promise<ClientSession> {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.#finish(lost(cause.message, cause)));
    socket.on('end', () => this.#finish(lost('it closed the connection')));
    socket.on('close', () => this.#finish(lost('it closed the connection')));
    this.#send(encodeJson('open', open));
    if (head.length > 0) this.#receive(head);
    return this.#opened.promise;
  }

  resize(columns: number, rows: number): void {
    this.#send(encodeResize(columns, rows));
  }

  signal(number: number): void {
    this.#send(encodeNumber('signal', number));
  }

  kill(): void {
    this.#send(encodeFrame('kill'));
  }

  close(): void {
    this.#finish(new ApiError('interrupted', 'the session was left'));
  }

  #send(frame: Buffer): void {
    if (!this.#ended) this.#socket.write(frame);
  }

  #sendStdin(chunk: Buffer, done: () => void): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#ended) {
      const part = rest.subarray(0, Math.min(maxDataBytes, this.#windowBytes));
      if (part.length === 0) {
        this.#onWindow = () => this.#sendStdin(rest, done);
        return;
      }
      this.#windowBytes -= part.length;
      this.#send(encodeFrame('stdin', part));
      rest = rest.subarray(part.length);
    }
    done();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) if (!this.#ended) this.#onFrame[frame.type]?.(frame);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#finish(
        new ApiError('bad-answer', `the daemon's answer is not understood: ${message}`, {}, { cause }),
      );
    }
  }

  readonly #onFrame: { readonly [T in FrameType]?: (frame: Frame) => void } = {
    opened: () => this.#opened.resolve(this),
    stdout: ({ payload }) => this.#output(this.stdout, payload),
    stderr: ({ payload }) => this.#output(this.stderr, payload),
    consumed: (frame) => {
      this.#windowBytes += decodeNumber(frame);
      this.#releaseStdin();
    },
    exited: (frame) => this.#finish(decodeNumber(frame)),
    failed: ({ payload }) => this.#finish(ApiError.fromBody(parseErrorBody(payload.toString('utf8')))),
  };

  #output(stream: Readable, payload: Buffer): void {
    if (!stream.push(payload)) this.#socket.pause();
  }

  #releaseStdin(): void {
    const resume = this.#onWindow;
    this.#onWindow = undefined;
    resume?.();
  }

  #finish(outcome: number | ApiError): void {
    if (this.#ended) return;
    this.#ended = true;
    // What was typed last still goes out.
    this.#socket.destroySoon();
    this.stdout.push(null);
    this.stderr.push(null);
    this.#releaseStdin();
    if (typeof outcome === 'number') this.#exit.resolve(outcome);
    else {
      this.#opened.reject(outcome);
      this.#exit.reject(outcome);
    }
  }
}

const lost = (reason: string, cause?: unknown): ApiError =>
  new ApiError('unreachable', `the connection to the daemon broke: ${reason}`, {}, { cause });
