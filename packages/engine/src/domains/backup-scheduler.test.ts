// Backups of thirty days, minute by minute, with a clock of the test's own.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backup, DomainBackupRequest, ForgetRequest } from '@ctvirt/api';
import { EngineError } from '../errors.js';
import { Registry } from '../registry/registry.js';
import type { BackupSchedule } from '../schedule/backups.js';
import { retained } from '../schedule/retention.js';
import { NextTimes } from '../schedule/times.js';
import type { BackupHistory } from '../state/backup-times.js';
import { domainRecord } from '../testing/record.js';
import { BackupScheduler } from './backup-scheduler.js';
import { statusOf } from './backup-status.js';

const MINUTE_MS = 60_000;
const HOUR = 60;
const zone = 'Europe/Berlin';

/** A host with one domain, whose clock goes when the test says so. */
function host(start: string, own?: BackupSchedule, backupSchedule?: BackupSchedule) {
  let now = Date.parse(start);
  const registry = new Registry();
  const schedule = own && { schedule: { backups: own } };
  const entry = registry.add(domainRecord({ ...schedule }), 'shutoff', 'unknown');
  const { uuid } = entry.record;
  let history: BackupHistory = {};
  let there: Backup[] = [];
  const asked: DomainBackupRequest[] = [];
  const log: string[] = [];
  let pruned = 0;
  let fails: Error | undefined;
  let hasJob = false;
  let isSlow = false;
  const backupTimes = {
    get: () => history,
    async obeyed(_: string, when: string, at: Date) {
      const since = history.obeyed?.when === when ? history.obeyed.since : at.toISOString();
      history = { ...history, obeyed: { when, at: at.toISOString(), since } };
    },
    keepOnly: () => undefined,
  };
  const daemon = () =>
    new BackupScheduler({
      ...{
        registry,
        zone,
        backupTimes,
        backupSchedule,
        knownFiles: { keepOnly: () => undefined },
        repositories: { keepOnly: () => undefined },
      },
      now: () => new Date(now),
      log: (level, message) => void log.push(`${level}: ${message}`),
      jobs: {
        of: () =>
          hasJob
            ? {
                ...{ domain: 'web', uuid, kind: 'export', state: 'running' },
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
      backups: {
        async create(_, request) {
          asked.push(request);
          const at = new Date(now).toISOString();
          if (fails !== undefined) {
            history = { ...history, failure: { at, error: fails.message } };
            throw fails;
          }
          const id = String(asked.length);
          const backup = { id, repository: 'default', domain: 'web', uuid, takenAt: at, leftOut: [] };
          there.push(backup);
          const { failure: _failure, ...rest } = history;
          history = { ...rest, last: { id, repository: 'default', takenAt: at, isComplete: true } };
          return {
            ...{ backup, leftOut: [], mounts: [], unread: [], isComplete: true, files: 1, changedFiles: 1 },
            ...{ sockets: 0, flagged: 0, bytes: 1, addedBytes: 1, seconds: 1, frozenMs: null },
          };
        },
        async forget({ keepDaily: daily, keepWeekly: weekly }: ForgetRequest) {
          const kept = retained(there, { daily, weekly });
          const removed = there.filter((one) => !kept.includes(one));
          there = there.filter((one) => kept.includes(one));
          return { kept, removed };
        },
        async prune(_, { signal } = {}) {
          pruned++;
          if (isSlow)
            await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
          return { name: 'default', path: '/', passwordFile: '/', tool: null };
        },
      },
    });
  let scheduler = daemon();
  return {
    ...{ registry, entry, asked, log },
    nights: () => there.map(({ takenAt }) => takenAt.slice(5, 16)),
    pruned: () => pruned,
    async pass(minutes: number) {
      for (let minute = 0; minute < minutes; minute++) {
        now += MINUTE_MS;
        await scheduler.look();
      }
    },
    look: () => scheduler.look(),
    close: () => scheduler.close(),
    /** Giving room back takes hours. */
    slow() {
      isSlow = true;
    },
    /** The daemon is away meanwhile. */
    away(minutes: number) {
      now += minutes * MINUTE_MS;
      scheduler = daemon();
    },
    refuse(error: Error | undefined) {
      fails = error;
    },
    occupy(isSo: boolean) {
      hasJob = isSo;
    },
    status: () => {
      const next = new NextTimes(zone);
      return statusOf(entry, { backupTimes, backupSchedule, next }, new Date(now));
    },
  };
}

test('in 30 nights with the end of summer time the last seven and those of four weeks are left', async () => {
  const { look, pass, asked, nights, pruned, log, status } = host('2026-10-10T10:00:00Z', {
    ...{ when: '30 2 * * *', repository: 'default', keep: { daily: 7, weekly: 4 } },
  });
  assert.equal(status().state, 'waiting');
  await look();
  await pass(30 * 24 * HOUR);
  assert.equal(asked.length, 30);
  assert.deepEqual(asked[0], { repository: 'default' });
  assert.deepEqual(nights(), [
    '10-25T00:30',
    '11-01T01:30',
    ...['03', '04', '05', '06', '07', '08', '09'].map((day) => `11-${day}T01:30`),
  ]);
  assert.ok(pruned() > 15, String(pruned()));
  assert.deepEqual(log, []);
  assert.equal(status().state, 'ok');
  assert.deepEqual(status().schedule, { when: '30 2 * * *', isOfHost: false });
});

test("the host's line is for who says nothing, and never for who says so", async () => {
  const line = { when: '@daily', mounts: 'leave' } as const;
  const silent = host('2026-11-01T10:00:00Z', undefined, line);
  await silent.look();
  await silent.pass(24 * HOUR);
  assert.deepEqual(silent.asked, [{ mounts: 'leave' }]);
  assert.deepEqual(silent.status().schedule, { when: '@daily', isOfHost: true });
  const never = host('2026-11-01T10:00:00Z', { when: 'never' }, line);
  await never.look();
  await never.pass(24 * HOUR);
  assert.deepEqual(never.asked, []);
  assert.equal(never.status().state, 'none');
});

test('what was missed while there was no daemon is made once, at once', async () => {
  const { look, pass, away, nights, status } = host('2026-11-01T10:00:00Z', { when: '@daily' });
  await look();
  away(3 * 24 * HOUR);
  assert.equal(status().state, 'late');
  await look();
  assert.deepEqual(nights(), ['11-04T10:00']);
  assert.equal(status().state, 'ok');
  await pass(14 * HOUR);
  assert.deepEqual(nights().slice(1), ['11-04T23:00']);
});

test('one that fails is told, seen, and tried again at its next time; a repository that is busy, at once', async () => {
  const { look, pass, refuse, asked, log, status } = host('2026-11-01T10:00:00Z', { when: '@daily' });
  await look();
  refuse(new EngineError('no-space', 'the disk is full'));
  await pass(24 * HOUR);
  assert.equal(asked.length, 1);
  assert.match(log.join(), /error: domain 'web': no backup by its schedule: .*the disk is full/);
  const { state, failure } = status();
  assert.deepEqual(
    [state, failure],
    ['failed', { at: '2026-11-01T23:00:00.000Z', error: 'the disk is full' }],
  );
  refuse(new EngineError('busy', 'somebody prunes'));
  await pass(14 * HOUR);
  assert.equal(log.length, 1);
  refuse(undefined);
  await pass(1);
  assert.equal(status().state, 'ok');
  const tries = asked.length;
  await pass(HOUR);
  assert.equal(asked.length, tries);
});

test('one that has a job waits for its end, and is late after an hour', async () => {
  const { look, pass, occupy, asked, status } = host('2026-11-01T10:05:00Z', { when: '@hourly' });
  await look();
  await pass(HOUR);
  occupy(true);
  await pass(HOUR);
  assert.deepEqual([asked.length, status().state], [1, 'ok']);
  await pass(HOUR);
  assert.deepEqual([asked.length, status().state], [1, 'late']);
  occupy(false);
  await pass(1);
  assert.deepEqual([asked.length, status().state], [2, 'ok']);
});

test('a daemon that ends ends what would take hours', async () => {
  const { look, pass, slow, close, pruned } = host('2026-11-01T10:05:00Z', {
    ...{ when: '@hourly', keep: { daily: 1 } },
  });
  await look();
  await pass(HOUR);
  slow();
  const passing = pass(HOUR);
  while (pruned() === 0) await new Promise((resolve) => setImmediate(resolve));
  await close();
  await passing;
});

test('what is wrong with one domain keeps another one from nothing', async () => {
  const { registry, entry, look, pass, asked, log } = host('2026-11-01T10:05:00Z', { when: '@hourly' });
  const schedule = { backups: { when: 'who knows when' } };
  registry.add(domainRecord({ name: 'a', uuid: 'a', schedule }), 'shutoff', 'unknown');
  // Behind it.
  registry.replace(entry, entry.record);
  await look();
  await pass(HOUR);
  assert.equal(asked.length, 1);
  assert.match(
    log[0] ?? '',
    /error: domain 'a': its schedule of backups was not looked at: .*who knows when/,
  );
});
