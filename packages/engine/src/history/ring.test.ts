// Rings over whatever bytes there are: what was put is got, and what is torn, stale or somebody else's is a gap.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { refusals } from '../drivers/lxc/accounting/sources.js';
import { HALF_BYTES, MemoryStore, Ring, type RingShape } from './ring.js';
import { RingFile } from './ring-file.js';
import { series, type Values } from './series.js';
import { isKept, WALL_BYTES, WallRing } from './wall-ring.js';

const folder = mkdtempSync(join(tmpdir(), 'ctring'));
after(() => rmSync(folder, { recursive: true }));

const values = (value: number): Values => series.map((_, at) => Math.fround(value + at));
const row = (value: number) => ({ average: values(value), most: values(value + 1) });
const shape: RingShape = { stepSeconds: 60, rows: 8, rowBytes: HALF_BYTES, at: 16, mostAt: undefined };
const beside: RingShape = { ...shape, rowBytes: 2 * HALF_BYTES, mostAt: 16 + HALF_BYTES };
const behind: RingShape = { ...shape, mostAt: 1000 };
const storeFor = (of: RingShape): MemoryStore => new MemoryStore(1000 + of.rows * of.rowBytes);

test('the newest rows are there, in order, and what was never put is a gap', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(shape, beside, behind),
      fc
        .uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 })
        .map((all) => all.sort((a, b) => a - b)),
      (of, stamps) => {
        const ring = new Ring(of, storeFor(of));
        for (const stamp of stamps) ring.put(stamp, row(stamp));
        const last = stamps.at(-1) ?? 0;
        const rows = ring.get(1, last);
        assert.equal(rows.length, last);
        for (const [at, one] of rows.entries()) {
          const stamp = at + 1;
          const isThere = stamps.includes(stamp) && stamp > last - of.rows;
          const most = of.mostAt === undefined ? values(stamp) : values(stamp + 1);
          assert.deepEqual(one, isThere ? { average: values(stamp), most } : undefined);
        }
      },
    ),
  );
});

test('what a clock that was set back wrote over is not what was there before', () => {
  const ring = new Ring(shape, storeFor(shape));
  for (let stamp = 100; stamp < 110; stamp++) ring.put(stamp, row(stamp));
  ring.put(99, row(1));
  const rows = ring.get(97, 105);
  assert.deepEqual(rows[2]?.average, values(1), 'what is told of the time is what was seen last');
  assert.equal(rows[0], undefined);
  // 107 had its place.
  assert.equal(ring.get(107, 107)[0], undefined);
});

test('bytes of any kind are gaps but for rows that have the stamp of their place', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(shape, beside, behind),
      fc.uint8Array({ minLength: 0, maxLength: 900 }),
      fc.integer({ min: 20, max: 1000 }),
      (of, bytes, last) => {
        const store = storeFor(of);
        const ring = new Ring(of, store);
        for (let stamp = last - 7; stamp <= last; stamp++) ring.put(stamp, row(stamp));
        store.write([of.at, Buffer.from(bytes)]);
        for (const [at, one] of ring.get(last - 7, last).entries()) {
          const slot = (last - 7 + at) % of.rows;
          const isTouched = slot * of.rowBytes < bytes.length;
          if (!isTouched) assert.deepEqual(one?.average, values(last - 7 + at));
        }
      },
    ),
  );
});

test('a file is as long as what was written to it, has holes, and what it lacks is a gap', () => {
  const path = join(folder, 'one.ring');
  const file = new RingFile(path);
  assert.deepEqual(file.minutes.get(5, 6), [undefined, undefined]);
  assert.deepEqual(file.walls.all(), []);
  const minute = 29_000_001;
  file.minutes.put(minute, row(3));
  file.halfHours.put(966_666, row(4));
  assert.deepEqual(file.minutes.get(minute - 1, minute + 1), [undefined, row(3), undefined]);
  assert.deepEqual(file.halfHours.get(966_666, 966_666), [row(4)]);
  assert.ok(statSync(path).blocks * 512 <= 24_576);
  // Torn in the middle of the highest numbers of a minute, then of half an hour.
  truncateSync(path, statSync(path).size - 10);
  assert.deepEqual(file.minutes.get(minute, minute), [{ average: values(3), most: values(3) }]);
  assert.deepEqual(file.halfHours.get(966_666, 966_666), [row(4)]);
  truncateSync(path, 1560 * 64 + (966_666 % 1536) * 128 + 40);
  assert.deepEqual(file.halfHours.get(966_666, 966_666), [undefined]);
  assert.equal(file.minutes.get(minute, minute)[0]?.average[0], 3);
});

test('a file of before minutes had their highest numbers is read as it is, and goes on with them', () => {
  const path = join(folder, 'former.ring');
  const minute = 29_000_001;
  const former = Buffer.alloc(1560 * 64 + 1536 * 128 + 512 * 24);
  const half = (stamp: number, value: number): Buffer => {
    const bytes = Buffer.alloc(HALF_BYTES);
    bytes.writeUInt32LE(stamp);
    for (const [at, one] of values(value).entries()) bytes.writeFloatLE(one, 4 + 4 * at);
    return bytes;
  };
  half(minute, 3).copy(former, (minute % 1560) * 64);
  half(966_666, 4).copy(former, 1560 * 64 + (966_666 % 1536) * 128);
  half(966_666, 5).copy(former, 1560 * 64 + (966_666 % 1536) * 128 + 64);
  const walls = new MemoryStore(WALL_BYTES);
  new WallRing(0, walls).add(hit(1));
  walls.read(0, WALL_BYTES).copy(former, 1560 * 64 + 1536 * 128);
  writeFileSync(path, former);
  const file = new RingFile(path);
  const same = { average: values(3), most: values(3) };
  for (const most of [undefined, row(7)]) {
    if (most !== undefined) file.minutes.put(minute + 1, most);
    assert.deepEqual(file.minutes.get(minute, minute + 1), [same, most]);
    assert.deepEqual(file.halfHours.get(966_666, 966_666), [row(4)]);
    assert.deepEqual(file.walls.all(), [hit(1)]);
  }
  assert.equal(statSync(path).size, former.length + ((minute + 1) % 1560) * 64 + 64);
});

const hit = (at: number) => ({
  atMs: 1_700_000_000_000 + at,
  resource: 'numproc',
  rise: at,
  failcnt: 2 * at,
});

test('the last 512 limits that were met are there, whatever the clock said, and the next daemon goes on behind them', () => {
  const path = join(folder, 'walls.ring');
  for (let at = 1; at <= 700; at++) {
    // Another one now and then.
    const { walls } = new RingFile(path);
    walls.add(at === 650 ? { ...hit(at), atMs: 5 } : hit(at));
  }
  const all = new RingFile(path).walls.all();
  assert.equal(all.length, 512);
  assert.deepEqual([all[0]?.rise, all.at(-1)?.rise], [189, 700]);
  assert.deepEqual(
    all.map(({ rise }) => rise),
    [...all.map(({ rise }) => rise)].sort((a, b) => a - b),
  );
  assert.equal(all.find(({ rise }) => rise === 650)?.atMs, 5);
});

test('a record that was not written whole is none', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const store = new MemoryStore(WALL_BYTES);
      const ring = new WallRing(0, store);
      ring.add(hit(1));
      ring.add(hit(2));
      const record = Buffer.from(store.read(24, 24));
      record[at] = (record[at] ?? 0) ^ change;
      store.write([24, record]);
      assert.deepEqual(new WallRing(0, store).all(), [hit(2)]);
    }),
  );
  const path = join(folder, 'torn.ring');
  const file = new RingFile(path);
  for (let at = 1; at <= 3; at++) file.walls.add(hit(at));
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 10));
  assert.deepEqual(
    new RingFile(path).walls.all().map(({ rise }) => rise),
    [1, 2],
  );
});

test('every limit that is told of can be kept', () => {
  const told = ['numproc', 'privvmpages', 'physpages', 'oomguarpages', 'swappages', 'vmguarpages'];
  assert.ok(told.length > refusals.length && told.every(isKept));
});
