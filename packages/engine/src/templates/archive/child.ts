// A child process fed from and read as streams, ended for certain when its user is done.
// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';
import { bounded } from '../../host/complaint.js';
import { type Piped, spawnPiped } from '../../host/piped.js';
import { childrenOf, killIfThere } from '../../host/processes.js';
import { watchWritten } from '../../host/written.js';

const STDERR_KEPT = 4096;

/** Exit status, or the signal's name. */
export type ExitStatus = number | string;

// Nothing of the daemon's own environment reaches a child.
const BASE_ENV = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
  HOME: '/',
  DEBIAN_FRONTEND: 'noninteractive',
};

/** What a child gets beyond its command line. */
export interface ChildOptions {
  /** Kills it when aborted. */
  signal?: AbortSignal | undefined;
  env?: Readonly<Record<string, string>>;
  /** Told now and then how many bytes it has written, and all that it has begun. */
  onWritten?: ((bytes: number) => void) | undefined;
}

/** Use it with `await using`: leaving the scope kills the child and waits for its end. */
export class Child {
  readonly argv: readonly string[];
  /** Resolves when its output has been read to the end as well. */
  readonly ended: Promise<ExitStatus>;
  readonly #process: Piped;
  readonly #signal: AbortSignal | undefined;
  readonly #kill = () => this.kill();
  #stderr = '';
  #isRunning = true;

  constructor(argv: readonly [string, ...string[]], { signal, env = {}, onWritten }: ChildOptions = {}) {
    this.argv = argv;
    this.#process = spawnPiped(argv, { env: { ...BASE_ENV, ...env } });
    const { program, read, stderr } = this.#process;
    const watched = watchWritten(() => (program.isOurs ? withDescendants(program.pid) : []), onWritten);
    this.ended = Promise.all([program.ended, read]).then(([status]) => {
      this.#isRunning = false;
      watched[Symbol.dispose]();
      return program.signal ?? status;
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    this.#signal = signal;
    if (signal?.aborted) this.kill();
    else signal?.addEventListener('abort', this.#kill);
  }

  /** The end of what it said on stderr so far. */
  get complaint(): string {
    return bounded(this.#stderr.trim());
  }

  get stdout(): Readable {
    return this.#process.stdout;
  }

  /** The listener gets whole lines of stderr: GNU tar writes one in pieces, the reason last. */
  onComplaint(listener: (lines: string) => void): void {
    let unfinished = '';
    this.#process.stderr.on('data', (text: string) => {
      const said = unfinished + text;
      const end = said.lastIndexOf('\n') + 1;
      unfinished = said.slice(end).slice(-STDERR_KEPT);
      if (end > 0) listener(said.slice(0, end));
    });
  }

  /** Writes all chunks and closes its input; returns early, without an error, if it ended before. */
  async feed(chunks: AsyncIterable<Buffer>): Promise<void> {
    const { stdin } = this.#process;
    for await (const chunk of chunks) {
      if (!this.#isRunning || stdin.destroyed) return;
      if (!stdin.write(chunk)) await drained(stdin);
    }
    stdin.end();
  }

  /** With its children: one that it has just made may not be tied to its life yet. */
  kill(): void {
    const { program } = this.#process;
    if (!program.isOurs) return;
    program.kill('SIGSTOP');
    for (const pid of childrenOf(program.pid)) killIfThere(pid);
    program.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#kill);
    if (this.#isRunning) this.kill();
    this.#process.stdout.destroy();
    await this.ended;
  }
}

const withDescendants = (pid: number): number[] => [pid, ...childrenOf(pid).flatMap(withDescendants)];

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    if (stream.destroyed) done();
  });
}
