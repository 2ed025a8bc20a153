// Files between this machine and a session of `push` or `pull`: trees by the tar that is here, one file by ourselves.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LentFile } from '@ctvirt/api';
import type { ClientSession } from '@ctvirt/api/node';
import { CliError } from '../errors.js';
import type { Io } from '../io.js';
import { printableLines } from '../printable.js';

/** Passes bytes while a session lasts, and its remarks on; returns its exit status. Ctrl-C leaves it. */
export async function whileOpen(
  session: ClientSession,
  { stderr, signal }: Pick<Io, 'stderr' | 'signal'>,
  pass: () => Promise<void>,
): Promise<number> {
  const leave = (): void => session.close();
  signal.addEventListener('abort', leave);
  // They name files, which may be called anything.
  session.stderr.setEncoding('utf8').on('data', (text: string) => stderr.write(printableLines(text)));
  try {
    await pass();
    return await session.exited;
  } catch (error) {
    // A session that ends in the middle is why bytes do not pass.
    const isOver = await Promise.race([session.exited.then((status) => status !== 0), nothingYet()]);
    if (isOver) return await session.exited;
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
    session.close();
  }
}

const nothingYet = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)));

/** The tar of this machine over a folder. */
export interface Tar {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/** Packs a folder on `stdout`, or unpacks `stdin` into it. Rejects in `ended` if it fails. */
export function startTar(way: 'pack' | 'unpack', folder: string): Tar {
  const args = way === 'pack' ? ['--format=gnu', '--sparse', '-cf', '-', '.'] : ['-xpf', '-'];
  const child = spawn('tar', ['--numeric-owner', '-C', folder, ...args], {
    stdio: [way === 'unpack' ? 'pipe' : 'ignore', way === 'pack' ? 'pipe' : 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4096)));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new CliError('local', `cannot run tar: ${cause.message}`, { cause })),
    );
    child.once('close', (status) => {
      // 1 is of files that changed while they were read.
      if (status === 0 || (way === 'pack' && status === 1)) resolve();
      else reject(new CliError('local', `tar of this machine ended with status ${status}: ${said.trim()}`));
    });
  });
  ended.catch(() => undefined); // whoever waits for it hears of it
  return { child, ended };
}

/**
 * A folder as an archive; throws at the end where that is not whole. Tar begins with the first read: of a child that ends before its
 * output has a reader Node throws that away.
 */
export async function* packed(folder: string): AsyncGenerator<Buffer> {
  const { child, ended } = startTar('pack', folder);
  if (child.stdout === null) throw new Error('a tar without output');
  yield* child.stdout;
  await ended;
}

/** All of a stream, to one that stays open. */
export async function passOn(from: AsyncIterable<Buffer> | Readable, to: Writable): Promise<void> {
  await pipeline(from, to, { end: false });
}

/** The first bytes of a stream; what follows is read and let go. */
export async function* firstOf(stream: Readable, size: number): AsyncGenerator<Buffer> {
  let left = size;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    if (left > 0) yield bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= Math.min(left, bytes.length);
  }
  if (left > 0) throw new CliError('local', `${left} bytes are missing at the end`);
}

/** Below this the bytes have passed before two programs have agreed on who moves them. */
export const WORTH_LENDING_BYTES = 1 << 20;

/** An open file as the daemon is told of it, which moves the bytes itself where it is on this machine. */
export function lentFile(descriptor: number): LentFile {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return { pid: process.pid, descriptor, device: String(dev), inode: String(ino) };
}
