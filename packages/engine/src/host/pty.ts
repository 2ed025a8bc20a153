// A pseudo-terminal: the master as a stream, the slave as the descriptor a program gets for its terminal.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { ReadStream } from 'node:tty';
import { ioctlBuffer } from './syscalls.js';

const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;
const TCGETS = 0x5401;
const ICANON = 2;

export interface Pty {
  readonly stream: Duplex;
  /** To be closed by the caller once the program has it. */
  readonly slaveFd: number;
  resize(columns: number, rows: number): void;
  /** Whether the program has taken the terminal's keys for itself: until then what is typed may be thrown away. */
  isRaw(): boolean;
}

/** Opens a new terminal of the host; each program gets one of its own, so that none can type into another's. */
export function openPty(columns: number, rows: number): Pty {
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const master = openSync('/dev/ptmx', flags);
  try {
    ioctlBuffer(master, TIOCSPTLCK, Buffer.alloc(4), '/dev/ptmx');
    const number = Buffer.alloc(4);
    ioctlBuffer(master, TIOCGPTN, number, '/dev/ptmx');
    const slaveFd = openSync(`/dev/pts/${number.readUInt32LE()}`, flags);
    const resize = (width: number, height: number): void => {
      const size = Buffer.alloc(8);
      size.writeUInt16LE(height, 0);
      size.writeUInt16LE(width, 2);
      ioctlBuffer(master, TIOCSWINSZ, size, '/dev/ptmx');
    };
    resize(columns, rows);
    // A stream of Node's for terminals reads and writes; opening the master a second time would make a second terminal.
    const stream = new ReadStream(master);
    // EIO is how a master says that the last slave is closed.
    stream.on('error', () => stream.destroy());
    const isRaw = (): boolean => {
      const settings = Buffer.alloc(60);
      ioctlBuffer(master, TCGETS, settings, '/dev/ptmx');
      return (settings.readUInt32LE(12) & ICANON) === 0;
    };
    return { stream, slaveFd, resize, isRaw };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}
