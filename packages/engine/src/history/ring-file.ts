// The file of one domain's history: its rings, one behind the other, with holes where nothing was written yet.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { unlessGone } from '../host/gone.js';
import { MemoryStore, Ring, type RingShape, ringBytesOf, type Store } from './ring.js';
import { WallRing } from './wall-ring.js';

/** Every row lies within a page: one that is written is there whole or not at all, unless the host goes down. */
const minutes: RingShape = { stepSeconds: 60, rows: 26 * 60, at: 0, hasMost: false };
const halfHours: RingShape = { stepSeconds: 1800, rows: 32 * 48, at: ringBytesOf(minutes), hasMost: true };
const looks: RingShape = { stepSeconds: 10, rows: 360, at: 0, hasMost: false };
const WALLS_AT = halfHours.at + ringBytesOf(halfHours);

/** The last hour, which a daemon keeps in memory alone. */
export const newLooks = (): Ring => new Ring(looks, new MemoryStore(ringBytesOf(looks)));

/** For whatever is read, since nobody keeps it. */
const room = Buffer.alloc(ringBytesOf(halfHours));

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

  write(at: number, bytes: Buffer): void {
    const file = openSync(this.path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const written = writeSync(file, bytes, 0, bytes.length, at);
      if (written < bytes.length) throw new Error(`${this.path}: only ${written} bytes could be written`);
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
