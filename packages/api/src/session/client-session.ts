// The client's end of an exec or console connection, whatever carries its bytes: what is sent, what is answered, how it ends.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.js';
import { parseErrorBody } from '../wire.js';
import {
  decodeNumber,
  decodeText,
  encodeFrame,
  encodeJson,
  encodeNumber,
  encodeResize,
  type Frame,
  FrameDecoder,
  type FrameType,
  maxDataBytes,
  stdinWindowBytes,
} from './frame.js';

/** What a kept terminal is called, and where in all of its output this session begins; what was there by then ends at `to`. */
export interface KeptTerminal {
  readonly terminal: string;
  readonly from: number;
  readonly to: number;
}

/** What clients of every kind have of a session, besides its streams. */
export interface SessionControls {
  /** The program's exit status (0 for a console that closed); rejects with ApiError if the connection breaks. */
  readonly exited: Promise<number>;
  /** Of a terminal that is kept: what comes back to it, and where in its output this session begins. */
  readonly kept: KeptTerminal | undefined;
  /** So many more bytes of a kept terminal's output are shown: without it its program waits after a window of them. */
  seen(bytes: number): void;
  resize(columns: number, rows: number): void;
  /** Sends a signal, by its number, to the program and what it has begun. */
  signal(number: number): void;
  /** Ends them at once. */
  kill(): void;
  /** Leaves: a console goes on without us, a program is killed by the daemon. */
  close(): void;
}

/** What carries a session. */
export interface SessionWire {
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Nothing is sent any more; what was sent last still goes out. */
  end(): void;
}

/** Where a session's output goes. */
export interface SessionOutput {
  write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Both streams are over. */
  end(): void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

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

function parseKept(payload: Uint8Array): KeptTerminal {
  const told: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (
    typeof told !== 'object' ||
    told === null ||
    !('terminal' in told && typeof told.terminal === 'string') ||
    !('from' in told && typeof told.from === 'number') ||
    !('to' in told && typeof told.to === 'number')
  )
    throw new Error('opened: no kept terminal');
  return { terminal: told.terminal, from: told.from, to: told.to };
}

/** Speaks the protocol of sessions over a wire that hands it what comes in. */
export class SessionTalk implements SessionControls {
  readonly #decoder = new FrameDecoder();
  readonly #opened = deferred<void>();
  readonly #exit = deferred<number>();
  #ended = false;
  #kept: KeptTerminal | undefined;
  #windowBytes = stdinWindowBytes;
  #onWindow: (() => void) | undefined;
  readonly #leave = () => this.close();

  /** Whoever gives the signal `leaving`, which is not given yet, leaves the session. */
  constructor(
    private readonly wire: SessionWire,
    private readonly output: SessionOutput,
    private readonly leaving?: AbortSignal,
  ) {
    leaving?.addEventListener('abort', this.#leave);
  }

  get exited(): Promise<number> {
    return this.#exit.promise;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get kept(): KeptTerminal | undefined {
    return this.#kept;
  }

  /** What clients get of it, beside their streams. */
  controls(): SessionControls {
    return {
      exited: this.exited,
      kept: this.kept,
      seen: (bytes) => this.seen(bytes),
      resize: (columns, rows) => this.resize(columns, rows),
      signal: (number) => this.signal(number),
      kill: () => this.kill(),
      close: () => this.close(),
    };
  }

  /** Resolves when the daemon says that it runs. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Says what to open. */
  open(what: unknown): void {
    this.#send(encodeJson('open', what));
  }

  /** Sends input as far as the daemon takes it; `done` is called when all of it is on its way. */
  input(chunk: Uint8Array, done: () => void): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#ended) {
      const part = rest.subarray(0, Math.min(maxDataBytes, this.#windowBytes));
      if (part.length === 0) {
        this.#onWindow = () => this.input(rest, done);
        return;
      }
      this.#windowBytes -= part.length;
      this.#send(encodeFrame('stdin', part));
      rest = rest.subarray(part.length);
    }
    done();
  }

  inputEnd(): void {
    this.#send(encodeFrame('stdinEnd'));
  }

  resize(columns: number, rows: number): void {
    this.#send(encodeResize(columns, rows));
  }

  seen(bytes: number): void {
    this.#send(encodeNumber('seen', bytes));
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

  /** Takes what came over the wire. */
  receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#decoder.push(chunk)) if (!this.#ended) this.#onFrame[frame.type]?.(frame);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#finish(
        new ApiError('bad-answer', `the daemon's answer is not understood: ${message}`, {}, { cause }),
      );
    }
  }

  /** The wire broke, or was closed by the other end. */
  lose(reason: string, cause?: unknown): void {
    this.#finish(new ApiError('unreachable', `the connection to the daemon broke: ${reason}`, {}, { cause }));
  }

  /** There is no wire to the daemon. */
  miss(reason: string): void {
    this.#finish(new ApiError('unreachable', reason));
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#ended) this.wire.send(frame);
  }

  readonly #onFrame: { readonly [T in FrameType]?: (frame: Frame) => void } = {
    opened: ({ payload }) => {
      if (payload.length > 0) this.#kept = parseKept(payload);
      this.#opened.resolve();
    },
    stdout: ({ payload }) => this.output.write('stdout', payload),
    stderr: ({ payload }) => this.output.write('stderr', payload),
    consumed: (frame) => {
      this.#windowBytes += decodeNumber(frame);
      this.#releaseInput();
    },
    exited: (frame) => this.#finish(decodeNumber(frame)),
    failed: (frame) => this.#finish(ApiError.fromBody(parseErrorBody(decodeText(frame)))),
  };

  #releaseInput(): void {
    const resume = this.#onWindow;
    this.#onWindow = undefined;
    resume?.();
  }

  #finish(outcome: number | ApiError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.leaving?.removeEventListener('abort', this.#leave);
    this.wire.end();
    this.output.end();
    this.#releaseInput();
    if (typeof outcome === 'number') this.#exit.resolve(outcome);
    else {
      this.#opened.reject(outcome);
      this.#exit.reject(outcome);
    }
  }
}
