// A program of the host with its three streams in our hands.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type Spawned, type SpawnOptions, spawnProgram } from './spawn.js';
import { openPipe, waitingBytes } from './syscalls.js';

/** Our ends of a program's pipes. */
export interface Streams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when its output has been read to the end, which who it left behind may put off. */
  readonly read: Promise<void>;
}

/** A program with its pipes. */
export interface Piped extends Streams {
  readonly program: Spawned;
  /** Ends its output with what has been written by now: who it left behind may write for ever. */
  readonly leave: () => void;
}

/** What comes through a pipe. */
class Output extends Socket {
  /** So many more bytes, and no others. */
  #left = Number.POSITIVE_INFINITY;

  readonly #fd: number;

  constructor(fd: number) {
    super({ fd, readable: true, writable: false });
    this.#fd = fd;
  }

  leave(): void {
    if (this.destroyed || this.readableEnded) return;
    this.#left = waitingBytes(this.#fd);
    if (this.#left === 0) super.push(null);
  }

  override push(chunk: Uint8Array | null): boolean {
    if (this.#left === 0) return false;
    if (chunk === null || chunk.length < this.#left) {
      this.#left -= chunk?.length ?? this.#left;
      return super.push(chunk);
    }
    super.push(chunk.subarray(0, this.#left));
    this.#left = 0;
    return super.push(null);
  }
}

/** Starts a program on pipes, which nobody but it has the other ends of. */
export function spawnPiped(
  argv: readonly [string, ...string[]],
  options: Omit<SpawnOptions, 'stdio'>,
): Piped {
  return onPipes((stdio) => spawnProgram(argv, { ...options, stdio }));
}

/** The program that `start` gave the three descriptors to, and their other ends. */
export function onPipes(start: (stdio: readonly number[]) => Spawned): Piped {
  const ours: number[] = [];
  const theirs: number[] = [];
  const pipe = (direction: 'in' | 'out'): void => {
    const { read, write } = openPipe();
    ours.push(direction === 'in' ? write : read);
    theirs.push(direction === 'in' ? read : write);
  };
  let program: Spawned;
  try {
    for (const direction of ['in', 'out', 'out'] as const) pipe(direction);
    program = start(theirs);
  } catch (error) {
    for (const fd of ours) closeSync(fd);
    throw error;
  } finally {
    for (const fd of theirs) closeSync(fd);
  }
  const [input = -1, output = -1, complaints = -1] = ours;
  const stdin = new Socket({ fd: input, readable: false, writable: true });
  // The program may end without reading its input.
  stdin.on('error', () => stdin.destroy());
  stdin.on('finish', () => stdin.destroy());
  // Who it left behind is not to wait for more.
  void program.ended.then(() => stdin.destroy());
  const [stdout, stderr] = [new Output(output), new Output(complaints)];
  const read = Promise.all([stdout, stderr].map(closed)).then(() => undefined);
  const leave = (): void => {
    stdout.leave();
    stderr.leave();
  };
  return { program, stdin, stdout, stderr, read, leave };
}

function closed(stream: Socket): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => stream.destroy());
    stream.once('close', () => resolve());
  });
}
