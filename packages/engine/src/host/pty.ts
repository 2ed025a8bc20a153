// A pseudo-terminal: one side as a stream, the other as the descriptor a program gets for its terminal.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { isErrno } from './gone.js';
import { ioctlBuffer, ioctlNumber } from './syscalls.js';

const TIOCSWINSZ = 0x5414;
const TIOCGPTPEER = 0x5441;
const O_CLOEXEC = 0o2000000;
const CHUNK_BYTES = 65_536;
/** As much as the kernel gives of a terminal at once. */
const READ_BYTES = 4095;
const MOST_WAITING_BYTES = 1 << 20;
/** So long until it is tried again to write to one who does not read. */
const LONGEST_WAIT_MS = 100;
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const OPOST = 1;

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal as those see it who sit before it. */
export interface Terminal {
  readonly stream: Duplex;
  resize(columns: number, rows: number): void;
}

/** The program's side of a terminal of which only the other one is at hand; without it that one is closed. */
export function openSlave(master: number): number {
  const flags = constants.O_RDWR | constants.O_NOCTTY | O_CLOEXEC;
  try {
    return ioctlNumber(master, TIOCGPTPEER, flags, 'a terminal');
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

/**
 * The terminal of a program that ends in its time; takes both descriptors, of which the master must not block. The program's side
 * stays open meanwhile: once nobody has it, libuv takes the first short read for the last one, and what a program wrote at its
 * end would be lost.
 */
export function terminalOf(master: number, slave: number, ended: Promise<unknown>): Terminal {
  // Opening the master a second time would make a second terminal. It is the reader's: after that its number may be another file's.
  const reader = new ReadStream(master);
  const isOver = (): boolean => reader.destroyed;
  const stream = new Duplex({
    read: () => void reader.resume(),
    write: (chunk: Buffer, _, done) => void type(master, chunk, isOver).then(() => done(), done),
    destroy: (error, done) => {
      reader.destroy();
      closeSync(slave);
      done(error);
    },
  });
  reader.on('data', (chunk) => {
    if (!stream.push(withNext(master, chunk))) reader.pause();
  });
  reader.on('error', () => stream.destroy());
  reader.on('end', () => stream.push(null));
  stream.on('error', () => undefined); // it is over then
  stream.on('end', () => stream.destroy());
  const finish = (): void => {
    if (isOver()) return;
    for (const chunk of waitingIn(master)) stream.push(chunk);
    stream.push(null);
    reader.destroy();
  };
  ended.then(finish, finish);
  const resize = (columns: number, rows: number): void => {
    if (!isOver()) setSize(master, { columns, rows });
  };
  return { stream, resize };
}

/**
 * Writes all of it, as fast as somebody reads. libuv knows no writing to a terminal but one that everybody waits for: whoever does not
 * read what is typed to him would hold up the daemon.
 */
async function type(master: number, chunk: Buffer, isOver: () => boolean): Promise<void> {
  let waitMs = 0;
  for (let at = 0; !isOver(); ) {
    const written = writeNow(master, chunk.subarray(at));
    at += written;
    if (at === chunk.length) return;
    waitMs = written > 0 ? 0 : Math.min(Math.max(2 * waitMs, 1), LONGEST_WAIT_MS);
    await sleep(waitMs, undefined, { ref: false });
  }
}

/** As much as there is room for. */
function writeNow(master: number, bytes: Buffer): number {
  try {
    return writeSync(master, bytes);
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return 0;
    throw error;
  }
}

/**
 * A terminal is read 4095 bytes at a time, and by libuv once in a turn of the loop: what lies behind that reading comes along, 64 KiB
 * at most, which is one piece then for all who pass it on. A short reading is not the last one: the kernel hands on what was written
 * in its own time, and only an empty reading waits for that (n_tty_read).
 */
function withNext(master: number, chunk: Buffer): Buffer {
  const pieces = [chunk];
  for (let bytes = chunk.length; bytes <= CHUNK_BYTES - READ_BYTES; ) {
    const next = Buffer.allocUnsafe(READ_BYTES);
    try {
      const length = readSync(master, next);
      if (length === 0) break; // nobody is there any more
      pieces.push(next.subarray(0, length));
      bytes += length;
    } catch {
      break; // EAGAIN: that was all; whatever else it is, libuv meets it, too
    }
  }
  return pieces.length === 1 ? chunk : Buffer.concat(pieces);
}

/** All that the kernel holds of what was written; somebody left behind may write for ever. */
function* waitingIn(master: number): Generator<Buffer> {
  for (let bytes = 0; bytes < MOST_WAITING_BYTES; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    try {
      const length = readSync(master, chunk);
      yield chunk.subarray(0, length);
      bytes += length;
    } catch {
      return; // EAGAIN: that was all
    }
  }
}

/** Tells the programs on the terminal, too. */
export function setSize(master: number, { columns, rows }: TerminalSize): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  ioctlBuffer(master, TIOCSWINSZ, size, 'a terminal');
}

/** What the program's side writes arrives unchanged: no carriage return is added. */
export function takeBytesAsTheyAre(master: number): void {
  const settings = Buffer.alloc(60);
  ioctlBuffer(master, TCGETS, settings, 'a terminal');
  settings.writeUInt32LE((settings.readUInt32LE(4) & ~OPOST) >>> 0, 4);
  ioctlBuffer(master, TCSETS, settings, 'a terminal');
}
