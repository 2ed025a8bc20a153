// Thirty days of schedules, minute by minute, with a clock of the test's own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { Registry } from '../registry/registry.js';
import type { Schedule } from '../schedule/schedule.js';
import { domainRecord } from '../testing/record.js';
import { type KnownSnapshot, type LastTime, Scheduler, type Times } from './scheduler.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const berlin = 'Europe/Berlin';

/** A host with one domain, whose clock goes when the test says so. */
function host(
  start: string,
  schedule: Schedule,
  zone = berlin,
  retry: () => Promise<void> = async () => undefined,
) {
  let now = Date.parse(start);
  const registry = new Registry();
  const entry = registry.add(domainRecord({ schedule }), 'shutoff', 'unknown');
  const there: KnownSnapshot[] = [];
  const made: string[] = [];
  const log: string[] = [];
  const last = new Map<string, LastTime>();
  const cleared: number[] = [];
  const times: Times = {
    get: (uuid) => last.get(uuid),
    set: (uuid, time) => void last.set(uuid, time),
    save: async () => undefined,
  };
  let fails: Error | undefined;
  let hasJob = false;
  const daemon = () =>
    new Scheduler({
      registry,
      zone,
      times,
      width: 2,
      now: () => new Date(now),
      log: (level, message) => void log.push(`${level}: ${message}`),
      roots: { clearMoved: async (at) => void cleared.push(at.valueOf()) },
      graves: { retry },
      jobs: {
        of: () =>
          hasJob
            ? {
                ...{ domain: 'web', uuid: entry.record.uuid, kind: 'export', state: 'running' },
                ...{
                  startedAt: '',
                  endedAt: null,
                  elapsedMs: 0,
                  waitedMs: 0,
                  id: 'j',
                  template: null,
                  repository: null,
                  percent: null,
                  by: null,
                  exclusive: false,
                  peer: null,
                  downMs: null,
                  progress: null,
                  error: null,
                },
              }
            : undefined,
      },
      snapshots: {
        list: () => [...there],
        async create(_, request) {
          if (fails !== undefined) throw fails;
          const { name, expiresAt = null, by } = request;
          made.push(name);
          there.push({ name, expiresAt, by, createdAt: new Date(now).toISOString() });
        },
        async delete(_, name) {
          const at = there.findIndex((one) => one.name === name);
          there.splice(at, 1);
        },
      },
    });
  let scheduler = daemon();
  return {
    ...{ registry, entry, there, made, log, cleared },
    /** So many minutes, with a look at each. */
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute++) {
        now += MINUTE_MS;
        await scheduler.look();
      }
    },
    look: () => scheduler.look(),
    /** The daemon is away meanwhile; the next one knows what is on the disk. */
    away(ms: number) {
      now += ms;
      scheduler = daemon();
    },
    say(next: Schedule) {
      registry.replace(entry, { ...entry.record, schedule: next });
    },
    refuse(error: Error | undefined) {
      fails = error;
    },
    occupy(isSo: boolean) {
      hasJob = isSo;
    },
    names: () => there.map(({ name }) => name),
  };
}

test('in 30 days with the end of summer time each day has its snapshot, and those of the last week are left', async () => {
  const { pass, look, made, names, log } = host('2026-10-10T10:00:00Z', {
    snapshots: { when: '@daily', pattern: 'daily-%Y%m%d', expiry: '7d' },
  });
  await look();
  await pass((30 * DAY_MS) / MINUTE_MS);
  assert.equal(made.length, 30);
  assert.deepEqual([made[0], made.at(-1)], ['daily-20261011', 'daily-20261109']);
  assert.deepEqual(
    names(),
    ['03', '04', '05', '06', '07', '08', '09'].map((day) => `daily-202611${day}`),
  );
  assert.equal(log.filter((line) => line.startsWith('info')).length, 23);
});

test('an hour that there is twice, or not at all, has one daily snapshot all the same', async () => {
  const schedule = { snapshots: { when: '30 2 * * *', pattern: 'at-%m%d-%H%M' } };
  const autumn = host('2026-10-23T12:00:00Z', schedule);
  await autumn.look();
  await autumn.pass(3 * 24 * 60);
  assert.deepEqual(autumn.made, ['at-1024-0230', 'at-1025-0230', 'at-1026-0230']);
  const spring = host('2026-03-27T12:00:00Z', schedule);
  await spring.look();
  await spring.pass(3 * 24 * 60);
  assert.deepEqual(spring.made, ['at-0328-0230', 'at-0329-0300', 'at-0330-0230']);
});

test('each of the two hours of one name has its own, under another name', async () => {
  const { look, pass, made } = host('2026-10-24T23:30:00Z', {
    snapshots: { when: '@hourly', pattern: 'h%H' },
  });
  await look();
  await pass(4 * 60);
  assert.deepEqual(made, ['h02', 'h02-2', 'h03', 'h04']);
});

test('what was missed while there was no daemon is made once, at once', async () => {
  const { look, pass, away, made, there } = host('2026-11-01T10:05:00Z', {
    snapshots: { when: '@hourly', expiry: '2h' },
  });
  await look();
  await pass(60);
  assert.deepEqual(made, ['auto-20261101-1200']);
  away(5 * 60 * MINUTE_MS + 7 * MINUTE_MS);
  await look();
  assert.deepEqual(made.slice(1), ['auto-20261101-1712']);
  assert.deepEqual(
    there.map(({ name }) => name),
    ['auto-20261101-1712'],
  );
  await pass(53);
  assert.deepEqual(made.slice(2), ['auto-20261101-1800']);
});

test('a schedule that is new begins with its next time, one that is changed goes by the new one', async () => {
  const { look, pass, say, made } = host('2026-11-01T10:00:30Z', { snapshots: { when: '@daily' } });
  await look();
  await pass(30);
  assert.deepEqual(made, []);
  say({ snapshots: { when: '*/10 * * * *', pattern: 'm%M' } });
  await pass(1);
  assert.deepEqual(made, []);
  await pass(10);
  assert.deepEqual(made, ['m40']);
  say({});
  await pass(60);
  assert.equal(made.length, 1);
});

test('a schedule that is said just before its time has that time', async () => {
  const { pass, say, made } = host('2026-11-01T10:58:10Z', {});
  await pass(1);
  say({ snapshots: { when: '@hourly', pattern: 'h%H' } });
  await pass(1);
  assert.deepEqual(made, ['h12']);
});

test('one that is off has none where that is said, and makes up for none of them', async () => {
  const { look, pass, entry, made } = host('2026-11-01T10:00:00Z', {
    snapshots: { when: '@hourly', pattern: 'h%H', stopped: false },
  });
  await look();
  await pass(150);
  assert.deepEqual(made, []);
  entry.state = 'running';
  await pass(20);
  assert.deepEqual(made, []);
  await pass(10);
  assert.deepEqual(made, ['h14']);
});

test('one that has a job waits for its end, and what fails is told and not tried again before its next time', async () => {
  const { look, pass, occupy, refuse, made, log } = host('2026-11-01T10:05:00Z', {
    snapshots: { when: '@hourly', pattern: 'h%H%M' },
  });
  await look();
  occupy(true);
  await pass(65);
  assert.deepEqual(made, []);
  occupy(false);
  refuse(new EngineError('in-use', 'just now'));
  await pass(1);
  refuse(undefined);
  await pass(1);
  assert.deepEqual([made, log], [['h1212'], []]);
  refuse(new EngineError('no-space', 'the disk is full'));
  await pass(120);
  assert.equal(log.length, 2);
  assert.match(log[0] ?? '', /error: domain 'web': no snapshot by its schedule: .*the disk is full/);
});

test('a clock that was ahead of today keeps no snapshots back', async () => {
  const { look, pass, away, made } = host('2026-11-01T10:05:00Z', {
    snapshots: { when: '@hourly', pattern: 'h%H' },
  });
  await look();
  away(-30 * DAY_MS);
  await look();
  await pass(60);
  assert.equal(made.length, 1);
});

test('what domains left that were moved is looked at with each minute, by the same clock', async () => {
  const start = '2026-03-01T10:00:00Z';
  const { cleared, pass } = host(start, {});
  await pass(3);
  assert.deepEqual(
    cleared,
    [1, 2, 3].map((minute) => Date.parse(start) + minute * MINUTE_MS),
  );
});

test('what is wrong with two domains keeps a third one from nothing', async () => {
  const schedule = { snapshots: { when: '@hourly', pattern: 'h%H' } };
  const { registry, look, pass, say, made, log } = host('2026-11-01T10:05:00Z', {});
  for (const name of ['a', 'b'])
    registry.add(
      domainRecord({ name, uuid: name, schedule: { snapshots: { when: 'who knows when' } } }),
      'shutoff',
      'unknown',
    );
  // Behind them.
  say(schedule);
  await look();
  await pass(60);
  assert.deepEqual(made, ['h12']);
  assert.match(log[0] ?? '', /error: domain 'a': its schedule was not looked at: .*who knows when/);
});

test('what takes long to erase keeps nobody waiting, and is tried by one at a time', async () => {
  let tries = 0;
  const { look, pass, made } = host(
    '2026-11-01T10:05:00Z',
    { snapshots: { when: '@hourly', pattern: 'h%H' } },
    berlin,
    () => {
      tries++;
      return new Promise(() => undefined);
    },
  );
  await look();
  await pass(60);
  assert.deepEqual([made, tries], [['h12'], 1]);
});
