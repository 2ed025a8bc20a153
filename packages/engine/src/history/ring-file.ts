// The file of one domain's history: its rings, one behind the other, with holes where nothing was written yet.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { unlessGone } from '../host/gone.js';
import { HALF_BYTES, MemoryStore, type Piece, Ring, type RingShape, type Store } from './ring.js';
import { WALL_BYTES, WallRing } from './wall-ring.js';

/**
 * Averages of a row and its highest numbers lie within a page each: what is written is there whole or not at all, unless the host goes
 * down. The highest of minutes lie behind all else, where files that had none end.
 */
const MINUTES = 26 * 60;
const HALF_HOURS_AT = MINUTES * HALF_BYTES;
const HALF_HOURS = 32 * 48;
const WALLS_AT = HALF_HOURS_AT + HALF_HOURS * 2 * HALF_BYTES;
const minutes: RingShape = {
  stepSeconds: 60,
  rows: MINUTES,
  rowBytes: HALF_BYTES,
  at: 0,
  mostAt: WALLS_AT + WALL_BYTES,
};
const halfHours: RingShape = {
  stepSeconds: 1800,
  rows: HALF_HOURS,
  rowBytes: 2 * HALF_BYTES,
  at: HALF_HOURS_AT,
  mostAt: HALF_HOURS_AT + HALF_BYTES,
};
const looks: RingShape = { stepSeconds: 10, rows: 360, rowBytes: HALF_BYTES, at: 0, mostAt: undefined };

/** The last hour, which a daemon keeps in memory alone. */
export const newLooks = (): Ring => new Ring(looks, new MemoryStore(looks.rows * looks.rowBytes));

/** For whatever is read, since nobody keeps it. */
const room = Buffer.alloc(halfHours.rows * halfHours.rowBytes);

/** Opened for each access: a thousand of them would be a thousand descriptors. */
class FileStore implements Store {
  constructor(private readonly path: string) {}

  read(at: number, length: number): Buffer {
    const file = unlessGone(() => openSync(this.path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (file === undefined) return room.subarray(0, 0);
    try {
      return room.subarray(0, readSync(file, room, 0, length, at));
    } finally {
      closeSync(file);
    }
  }

  write(...pieces: readonly Piece[]): void {
    const file = openSync(this.path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      for (const [at, bytes] of pieces) {
        const written = writeSync(file, bytes, 0, bytes.length, at);
        if (written < bytes.length) throw new Error(`${this.path}: only ${written} bytes could be written`);
      }
    } finally {
      closeSync(file);
    }
  }
}

/** What is on the disk of one domain. */
export class RingFile {
  readonly minutes: Ring;
  readonly halfHours: Ring;
  readonly walls: WallRing;

  constructor(private readonly path: string) {
    const store = new FileStore(path);
    this.minutes = new Ring(minutes, store);
    this.halfHours = new Ring(halfHours, store);
    this.walls = new WallRing(WALLS_AT, store);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
