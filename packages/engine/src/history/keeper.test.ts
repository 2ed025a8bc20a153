// What is kept over time: by looks, minutes and half hours, over restarts, full disks and clocks that are set back.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { History, SeriesName } from '@ctvirt/api';
import { Keeper } from './keeper.js';
import { leftOfStep } from './past.js';
import { series, type Values } from './series.js';

const top = mkdtempSync(join(tmpdir(), 'cthist'));
after(() => rmSync(top, { recursive: true }));

const HOUR = 3_600_000;
const uuid = '00000000-0000-4000-8000-000000000001';
const domain = { uuid, name: 'd' };

/** Keepers of one folder, one after the other, with a clock that a test turns. */
class World {
  readonly folder = mkdtempSync(join(top, 'w'));
  readonly log: string[] = [];
  /** The beginning of a minute and of half an hour. */
  nowMs = Date.parse('2026-11-30T12:00:00Z');
  readonly defined = new Set([uuid]);
  keeper = this.open();

  open(): Keeper {
    this.keeper = new Keeper({
      folder: this.folder,
      log: (level, message) => void this.log.push(`${level}: ${message}`),
      isDefined: (one) => this.defined.has(one),
      now: () => new Date(this.nowMs),
    });
    return this.keeper;
  }

  /** So many looks, ten seconds apart; `cpu` is told how many ten seconds went before. */
  async pass(seconds: number, cpu: (at: number) => number): Promise<void> {
    for (let at = 0; at < seconds / 10; at++) {
      this.nowMs += 10_000;
      await this.keeper.take(this.nowMs, [[uuid, valuesOf(cpu(at))]]);
    }
  }

  of(more: { from?: number; to?: number; points?: number; series?: string } = {}): History {
    const { from, to, ...rest } = more;
    return this.keeper.of(domain, {
      ...rest,
      ...(from !== undefined && { from: new Date(from).toISOString() }),
      ...(to !== undefined && { to: new Date(to).toISOString() }),
    });
  }
}

const valuesOf = (cpu: number): Values => series.map((name) => (name === 'cpu' ? cpu : Number.NaN));
const column = ({ series: all }: History, name: SeriesName, of: 'average' | 'most' = 'average') =>
  all[name]?.[of] ?? assert.fail(`no ${name}`);

test('the last hour is told by looks, a day by minutes, a month by half hours', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(2 * 3600, (at) => (at % 6 === 0 ? 6 : 0));
  const hour = world.of({ series: 'cpu' });
  assert.deepEqual(
    [hour.stepSeconds, hour.from, hour.to],
    [10, '2026-11-30T13:00:00.000Z', '2026-11-30T14:00:00.000Z'],
  );
  assert.deepEqual(column(hour, 'cpu').slice(0, 7), [6, 0, 0, 0, 0, 0, 6]);
  assert.equal(column(hour, 'cpu').length, 360);
  const day = world.of({ from: world.nowMs - 25 * HOUR, series: 'cpu' });
  assert.equal(day.stepSeconds, 60);
  assert.deepEqual(
    column(day, 'cpu').slice(-120),
    Array.from({ length: 120 }, () => 1),
  );
  assert.ok(
    column(day, 'cpu')
      .slice(0, -120)
      .every((value) => value === null),
    'before that is a gap',
  );
  const month = world.of({ from: begun - 24 * 30 * HOUR, series: 'cpu' });
  assert.equal(month.stepSeconds, 1800);
  assert.deepEqual(column(month, 'cpu').slice(-4), [1, 1, 1, 1]);
  assert.deepEqual(column(month, 'cpu', 'most').slice(-3), [6, 6, 6]);
  assert.equal(column(month, 'cpu').length, 24 * 30 * 2 + 4);
  assert.deepEqual(
    column(world.of(), 'memory').filter((value) => value !== null),
    [],
  );
});

test('no more points than were asked for, which cover all that was, each the average and the most of its steps', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(3590, (at) => (at === 0 ? 100 : at % 6));
  for (const [fromMs, stepMs] of [
    [begun, 10_000],
    [begun - HOUR, 60_000],
    [begun - 3 * HOUR - 60_000, 60_000],
    [begun - 30 * HOUR, 1_800_000],
  ] as const)
    for (const points of [1, 2, 3, 7, 12, 29, 60, 61, 179, 180, 359, 2000]) {
      const told = world.of({ from: fromMs, points, series: 'cpu' });
      const what = `${points} of ${told.stepSeconds} s from ${told.from}`;
      const [all, most] = [column(told, 'cpu'), column(told, 'cpu', 'most')];
      assert.ok(all.length <= points, what);
      const [beginMs, endMs] = [Date.parse(told.from), Date.parse(told.to)];
      assert.equal(endMs - beginMs, all.length * told.stepSeconds * 1000, what);
      assert.ok(beginMs <= fromMs && fromMs - beginMs < told.stepSeconds * 1000, what);
      assert.ok(endMs >= world.nowMs && endMs - world.nowMs < told.stepSeconds * 1000, what);
      // The first look of all is there, however few points there are.
      const asked = Math.ceil((world.nowMs - fromMs) / stepMs);
      assert.ok(told.stepSeconds * 1000 < (asked / points + 1) * stepMs, what);
      if (fromMs === begun) assert.equal(Math.max(...most.map(Number)), 100, what);
      assert.ok(all.some((value) => value !== null) && all.at(-1) !== null, what);
    }
  const ten = world.of({ from: begun, points: 60, series: 'cpu' });
  assert.equal(ten.stepSeconds, 60);
  assert.ok(
    column(ten, 'cpu')
      .slice(1, -1)
      .every((value) => value === 2.5),
  );
  assert.ok(
    column(ten, 'cpu', 'most')
      .slice(1, -1)
      .every((value) => value === 5),
  );
});

test('what is told as the last number is what the newest look found, however long the steps are', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(2 * 3600, (at) => at);
  const lastOf = (from: number, to?: number) => {
    const { lastAt, series: all } = world.of({
      from,
      ...(to !== undefined && { to }),
      points: 10,
      series: 'cpu,memory',
    });
    return [lastAt && Date.parse(lastAt) - begun, all['cpu']?.last, all['memory']?.last];
  };
  for (const hours of [0.5, 1, 5, 20, 48, 31 * 24])
    assert.deepEqual(lastOf(world.nowMs - hours * HOUR), [2 * HOUR, 719, null]);
  // Of a time that is over: the last look within it, or the minute that is left of that.
  assert.deepEqual(lastOf(begun, begun + 90 * 60_000), [90 * 60_000, 539, null]);
  assert.deepEqual(lastOf(begun, begun + 30 * 60_000), [30 * 60_000, 176.5, null]);
  assert.deepEqual(lastOf(begun - HOUR, begun - 60_000), [null, null, null]);
  // A look that knows less, as the first after a thaw: what the one before it knew.
  await world.pass(10, () => Number.NaN);
  assert.deepEqual(lastOf(begun), [2 * HOUR + 10_000, 719, null]);
  world.open();
  assert.deepEqual(lastOf(begun), [2 * HOUR, 716.5, null], 'of the minute that is on the disk');
});

test('a round whose timer was early is that of its time: the next one is ten seconds later, and both are told at once', async () => {
  const boundary = Date.parse('2026-11-30T12:00:10Z');
  for (const [early, until] of [
    [0, 10_000],
    [1, 10_001],
    [50, 10_050],
    [51, 51],
    [9000, 9000],
  ] as const)
    assert.equal(leftOfStep(boundary - early), until, `${early} ms early`);
  const world = new World();
  world.nowMs = boundary - 20;
  await world.keeper.take(world.nowMs, [[uuid, valuesOf(7)]]);
  const told = world.of({ series: 'cpu' });
  assert.deepEqual(
    [told.to, column(told, 'cpu').at(-1), told.series['cpu']?.last],
    ['2026-11-30T12:00:10.000Z', 7, 7],
  );
});

test('a restart leaves a gap, and no more; a killed daemon loses the minute that had begun', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(25 * 60, () => 2);
  world.open(); // nobody closed the one before
  world.nowMs += 10 * 60_000;
  await world.pass(10 * 60, () => 4);
  const minutes = column(world.of({ from: begun, to: world.nowMs, series: 'cpu' }), 'cpu');
  const told = column(world.of({ from: begun - 2 * HOUR, series: 'cpu' }), 'cpu').slice(-45);
  assert.deepEqual(
    told.slice(0, 24),
    Array.from({ length: 24 }, () => 2),
  );
  assert.deepEqual(
    told.slice(25, 35),
    Array.from({ length: 10 }, () => null),
  );
  assert.deepEqual(
    told.slice(35),
    Array.from({ length: 10 }, () => 4),
  );
  assert.ok(minutes.length === 270 && minutes[0] === 2, 'looks of before are told by the minute');
  // The half hour that was over while nobody was there is made of its minutes.
  const month = world.of({ from: begun - 48 * HOUR, series: 'cpu' });
  assert.deepEqual(column(month, 'cpu').slice(-2), [2, 4]);
  await world.keeper.close();
  world.open();
  const after = world.of({ from: begun - 2 * HOUR, series: 'cpu' });
  assert.equal(column(after, 'cpu').at(-1), 4);
});

test('the highest looks are told after a restart as before it, in every ring, and of the minute amid which it was', async () => {
  const world = new World();
  const begun = world.nowMs;
  const peaks = new Map([
    [70, 50],
    [300, 60],
    [355, 70],
  ]);
  const look = (at: number) => peaks.get(at) ?? at % 3;
  await world.pass(3570, look);
  const spans = [begun, begun - 5 * HOUR, begun - 48 * HOUR];
  const peaksOf = () =>
    spans.flatMap((from) =>
      [4, 2000].map((points) =>
        Math.max(...column(world.of({ from, points, series: 'cpu' }), 'cpu', 'most').map(Number)),
      ),
    );
  const mostOf = (minute: number) =>
    column(
      world.of({ from: begun - 5 * HOUR, to: begun + (minute + 1) * 60_000, series: 'cpu' }),
      'cpu',
      'most',
    ).at(-1);
  assert.deepEqual(peaksOf(), [70, 70, 70, 70, 70, 70]);
  await world.keeper.close();
  world.open();
  assert.deepEqual(peaksOf(), [70, 70, 70, 70, 70, 70]);
  // The next one sees the rest of the minute: of it, its highest and mean are of both.
  await world.pass(60, () => 1);
  for (let tries = 0; tries < 2; tries++) {
    assert.deepEqual([11, 50, 59].map(mostOf), [50, 60, 70]);
    assert.deepEqual(peaksOf(), [70, 70, 70, 70, 70, 70]);
    const day = column(world.of({ from: begun - 5 * HOUR, to: begun + HOUR, series: 'cpu' }), 'cpu');
    assert.equal(day.at(-1), Math.fround((3 * ((70 + 2 + 0) / 3) + 3) / 6));
    await world.keeper.close();
    world.open();
  }
});

test('a clock that is set back has what was seen last told of a time, and nothing of times to come', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(30 * 60, () => 1);
  world.nowMs = begun + 10 * 60_000;
  await world.pass(10 * 60, () => 3);
  const told = column(world.of({ from: begun - 5 * HOUR, series: 'cpu' }), 'cpu');
  assert.deepEqual(told.slice(-20), [...Array(10).fill(1), ...Array(10).fill(3)]);
  const looks = column(world.of({ from: begun, series: 'cpu' }), 'cpu');
  assert.deepEqual([looks[0], looks.at(-1)], [1, 3]);
  assert.ok(looks.length === 120);
});

test('of a clock that is set back no limit counts whose time is yet to come, until it has', async () => {
  const world = new World();
  const begun = world.nowMs;
  const hit = (atMs: number) => world.keeper.hit(uuid, { atMs, resource: 'numproc', rise: 2, failcnt: 2 });
  hit(begun);
  hit(begun + 40 * HOUR);
  world.nowMs = begun + 41 * HOUR;
  hit(begun + 41 * HOUR - 1);
  assert.deepEqual([world.keeper.day(uuid).refused, world.of({ from: begun - HOUR }).walls.length], [4, 3]);
  world.nowMs = begun + 2 * HOUR;
  assert.deepEqual([world.keeper.day(uuid).refused, world.of({ from: begun - HOUR }).walls.length], [2, 1]);
  world.open();
  assert.equal(world.keeper.day(uuid).refused, 2, 'the next daemon knows those of the day');
  world.nowMs = begun + 40 * HOUR;
  assert.equal(world.keeper.day(uuid).refused, 4, 'both are of that hour');
});

test('limits that were met are told exactly, by day and between times', async () => {
  const world = new World();
  const begun = world.nowMs;
  const hit = (atMs: number, rise: number) => ({ atMs, resource: 'numproc', rise, failcnt: rise });
  world.keeper.hit(uuid, hit(begun - 30 * HOUR, 100));
  world.keeper.hit(uuid, hit(begun - 1234, 2));
  world.keeper.hit('gone', hit(begun, 1));
  world.keeper.hit(uuid, hit(begun - 1, 3));
  for (let tries = 0; tries < 2; tries++) {
    const { refused, last } = world.keeper.day(uuid);
    assert.deepEqual([refused, last?.rise], [5, 3]);
    const { walls } = world.of({ from: begun - HOUR });
    assert.deepEqual(
      walls.map(({ at, domain: name, resource, rise }) => [at, name, resource, rise]),
      [
        ['2026-11-30T11:59:58.766Z', 'd', 'numproc', 2],
        ['2026-11-30T11:59:59.999Z', 'd', 'numproc', 3],
      ],
    );
    assert.deepEqual(world.keeper.ofHost([domain], {}).walls, walls);
    world.open();
  }
  assert.deepEqual(readdirSync(world.folder), [`${uuid}.ring`]);
});

test('the host is the sum of all that is known', async () => {
  const world = new World();
  const other = '00000000-0000-4000-8000-000000000002';
  world.defined.add(other);
  for (let at = 0; at < 12; at++) {
    world.nowMs += 10_000;
    await world.keeper.take(world.nowMs, [
      [uuid, valuesOf(1)],
      [other, series.map(() => 2)],
    ]);
  }
  const host = world.keeper.ofHost([domain], {});
  assert.deepEqual([host.name, host.uuid], [null, null]);
  assert.deepEqual([column(host, 'cpu').at(-1), column(host, 'memory').at(-1)], [3, 2]);
});

test('what is forgotten is gone, and files of domains that are no more go with the next daemon', async () => {
  const world = new World();
  await world.pass(120, () => 1);
  assert.deepEqual(readdirSync(world.folder).sort(), [`${uuid}.ring`, 'host.ring']);
  world.defined.delete(uuid);
  world.keeper.forget(uuid);
  await world.pass(120, () => 1);
  assert.deepEqual(readdirSync(world.folder), ['host.ring']);
  writeFileSync(join(world.folder, `${uuid}.ring`), 'of an earlier one');
  world.open();
  assert.deepEqual(readdirSync(world.folder), ['host.ring']);
});

test('where nothing can be written looks go on, there is a gap, and it is told once', async () => {
  const world = new World();
  const begun = world.nowMs;
  await world.pass(120, () => 1);
  // In the place of its file something that cannot be written to, as of a disk without room.
  const path = join(world.folder, `${uuid}.ring`);
  rmSync(path);
  mkdirSync(path);
  chmodSync(path, 0o700);
  await world.pass(300, () => 2);
  assert.equal(world.log.length, 1, world.log.join('\n'));
  assert.match(world.log[0] ?? '', /^warn: the history of domains cannot be written down/);
  rmSync(path, { recursive: true });
  await world.pass(300, () => 3);
  assert.deepEqual(world.log.slice(1), ['info: the history of domains is written down again']);
  assert.equal(column(world.of({ series: 'cpu' }), 'cpu').at(-45), 2, 'what is in memory is told');
  const told = column(world.of({ from: begun - 3 * HOUR, series: 'cpu' }), 'cpu').slice(-12);
  assert.deepEqual(told.slice(-5), [3, 3, 3, 3, 3]);
  assert.ok(
    told.slice(2, 6).every((value) => value === null),
    JSON.stringify(told),
  );
});

const asRoot = { skip: process.getuid?.() === 0 ? false : 'a disk is mounted by root alone' };

test(
  'on a disk without room what was begun goes on, the rest is a gap, and it ends with the room',
  asRoot,
  async () => {
    const world = new World();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', world.folder]);
    try {
      world.open();
      await world.pass(120, () => 1);
      const filler = join(world.folder, 'filler');
      const room = Buffer.alloc(65_536);
      assert.throws(() => writeFileSync(filler, room), { code: 'ENOSPC' });
      await world.pass(3 * 3600, () => 2);
      world.keeper.hit(uuid, { atMs: world.nowMs, resource: 'numproc', rise: 1, failcnt: 1 });
      assert.match(world.log.join('\n'), /^warn: the history of domains cannot be written down, .*ENOSPC.*$/);
      assert.equal(world.keeper.day(uuid).refused, 1, 'what was met is remembered');
      const hour = column(world.of({ series: 'cpu' }), 'cpu');
      assert.deepEqual(new Set(hour.slice(1)), new Set([2]), 'what is in memory is told');
      rmSync(filler);
      await world.pass(600, () => 3);
      assert.deepEqual(world.log.slice(1), ['info: the history of domains is written down again']);
      const told = column(world.of({ from: world.nowMs - 4 * HOUR, series: 'cpu' }), 'cpu');
      // The minute that was over when there was room again is the first.
      assert.deepEqual(told.slice(-11), [2, ...Array(10).fill(3)]);
      // A page that a row was in before the disk was full has room for those beside it: 64 minutes at most.
      const gap = told.slice(-11 - 115, -11);
      assert.deepEqual(new Set(gap), new Set([null]));
    } finally {
      execFileSync('umount', [world.folder]);
    }
  },
);

test('what is no time, no series or no number of points is refused in words', () => {
  const world = new World();
  for (const [query, why] of [
    [{ series: 'cpu,heat' }, /no 'heat'; there are: cpu, throttled/],
    [{ from: 'yesterday' }, /'yesterday' is no time/],
    [{ from: '2027-01-01T00:00:00Z' }, /not before the end/],
    [{ points: 2001 }, /1 to 2000/],
  ] as const)
    assert.throws(() => world.keeper.of(domain, query), { code: 'invalid', message: why });
});
