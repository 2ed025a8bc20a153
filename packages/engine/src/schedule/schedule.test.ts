// Schedules in words, in documents and in time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import { isFault } from '../errors.js';
import { backupsInLine } from './backups.js';
import { isSchedule, type ScheduleWords, scheduleOf, withSchedule } from './schedule.js';
import { nameAt, nextTime, spanMs } from './times.js';

const document = (metadata = ''): string =>
  `<domain type='lxc'><name>web</name>${metadata}<memory>65536</memory><os><type>exe</type></os><devices><filesystem type='ram'><source usage='1'/><target dir='/'/></filesystem></devices></domain>`;

function domainOf(xml: string) {
  const { domain } = parseDomain(xml);
  assert.ok(domain);
  return domain;
}

const refused = (what: RegExp) => (error: unknown) => isFault(error, 'invalid') && what.test(error.message);

test('words become an element of the metadata, and one that is read again', () => {
  const others = "<metadata><app:x xmlns:app='urn:app'>1</app:x></metadata>";
  const daily = withSchedule(domainOf(document(others)), {
    snapshots: '@daily',
    snapshotPattern: 'd-%Y',
    snapshotExpiry: '7d',
    snapshotStopped: false,
  });
  const xml = formatDomain(daily);
  assert.match(
    xml,
    /<ctvirt:schedule xmlns:ctvirt="urn:ctvirt:schedule:1" snapshots="@daily" snapshot-pattern="d-%Y" snapshot-expiry="7d" snapshot-stopped="no"\/>/,
  );
  assert.match(xml, /<app:x/);
  const schedule = scheduleOf(domainOf(xml));
  assert.deepEqual(schedule, {
    snapshots: { when: '@daily', pattern: 'd-%Y', expiry: '7d', stopped: false },
  });
  assert.ok(isSchedule(JSON.parse(JSON.stringify(schedule))));
  const less = withSchedule(daily, { snapshotExpiry: 'never', snapshotStopped: true });
  assert.deepEqual(scheduleOf(less), { snapshots: { when: '@daily', pattern: 'd-%Y' } });
  const none = withSchedule(less, { snapshots: 'never' });
  assert.deepEqual(scheduleOf(none), {});
  assert.match(formatDomain(none), /<app:x/);
  assert.doesNotMatch(formatDomain(none), /schedule/);
});

test('another program may write it, under whatever prefix', () => {
  const own = "<metadata><s:schedule xmlns:s='urn:ctvirt:schedule:1' snapshots='0 4 * * 1-5'/></metadata>";
  assert.deepEqual(scheduleOf(domainOf(document(own))), { snapshots: { when: '0 4 * * 1-5' } });
});

test('what cannot be obeyed is refused, by a document as by words', () => {
  const element = (attributes: string): string =>
    document(`<metadata><s:schedule xmlns:s='urn:ctvirt:schedule:1' ${attributes}/></metadata>`);
  for (const [attributes, what] of [
    ["snapshots='@daily' colour='red'", /has 'colour'/],
    ["snapshot-expiry='7d'", /no times yet/],
    ["snapshots='@daily' snapshot-stopped='maybe'", /yes or no, not 'maybe'/],
    ["snapshots='daily'", /'daily' is no schedule/],
  ] as const)
    assert.throws(() => scheduleOf(domainOf(element(attributes))), refused(what), attributes);
  const cases: readonly (readonly [ScheduleWords, RegExp])[] = [
    [{ snapshotPattern: 'x' }, /--snapshots gives them/],
    [{ snapshots: '* * * * * *' }, /is no schedule/],
    [{ snapshots: '2026-11-30T10:00:00' }, /is no schedule/],
    [{ snapshots: '@reboot' }, /@hourly, @daily/],
    [{ snapshots: '61 * * * *' }, /Invalid value for minute: 61; it is one of: @hourly/],
    [{ snapshots: '0 0 30 2 *' }, /never comes/],
    [{ snapshots: '@daily', snapshotExpiry: '7 days' }, /such as 7d/],
    [{ snapshots: '@daily', snapshotPattern: '../%Y' }, /no pattern of names/],
    [{ snapshots: '@daily', snapshotPattern: '%Q' }, /no pattern of names/],
  ];
  for (const [words, what] of cases)
    assert.throws(() => withSchedule(domainOf(document()), words), refused(what), JSON.stringify(words));
});

test('backups have times, a repository, what is kept and what becomes of mounts, beside snapshots', () => {
  const both = withSchedule(domainOf(document()), {
    snapshots: '@hourly',
    backups: '30 2 * * *',
    backupRepository: 'far',
    backupMounts: 'with',
    backupKeep: { daily: 7, weekly: 4 },
  });
  assert.match(
    formatDomain(both),
    /<ctvirt:schedule xmlns:ctvirt="urn:ctvirt:schedule:1" snapshots="@hourly" backups="30 2 \* \* \*" backup-repository="far" backup-mounts="with" backup-keep-daily="7" backup-keep-weekly="4"\/>/,
  );
  const backups = { when: '30 2 * * *', repository: 'far', mounts: 'with', keep: { daily: 7, weekly: 4 } };
  assert.deepEqual(scheduleOf(both), { snapshots: { when: '@hourly' }, backups });
  const alone = withSchedule(both, { snapshots: 'never' });
  assert.deepEqual(scheduleOf(alone), { backups });
  const later = withSchedule(alone, { backups: '@weekly', backupKeep: { monthly: 2, daily: 0 } });
  assert.deepEqual(scheduleOf(later).backups, { ...backups, when: '@weekly', keep: { monthly: 2 } });
  // As the host's line says, which is not for one that says never.
  assert.deepEqual(scheduleOf(withSchedule(later, { backups: 'never' })), { backups: { when: 'never' } });
  assert.doesNotMatch(formatDomain(withSchedule(later, { backups: 'host' })), /schedule/);
});

test('the line of a host says what a document may say', () => {
  assert.deepEqual(backupsInLine('@daily'), { when: '@daily' });
  assert.deepEqual(
    backupsInLine('30 2 * * 1-5  keep-daily=7 mounts=leave repository=default keep-weekly=4'),
    {
      ...{ when: '30 2 * * 1-5', repository: 'default', mounts: 'leave', keep: { daily: 7, weekly: 4 } },
    },
  );
  for (const [line, what] of [
    ['keep-daily=7', /no times/],
    ['daily', /'daily' is no schedule/],
    ['@daily keep-hourly=3', /have no 'keep-hourly'/],
    ['@daily keep-daily=0', /a number from 1/],
    ['@daily mounts=yes', /'with' or 'leave'/],
    ['@daily repository=/srv', /no name of a repository/],
    ['never keep-daily=1', /no times/],
  ] as const)
    assert.throws(() => backupsInLine(line), refused(what), line);
  assert.throws(() => withSchedule(domainOf(document()), { backupMounts: 'with' }), refused(/no times/));
});

test('times and names are those of the clock on the wall', () => {
  const at = new Date('2026-10-25T00:30:00Z');
  assert.equal(nextTime('@daily', at, 'Europe/Berlin')?.toISOString(), '2026-10-25T23:00:00.000Z');
  assert.equal(nextTime('@daily', at, 'UTC')?.toISOString(), '2026-10-26T00:00:00.000Z');
  assert.equal(nameAt('%Y%m%d-%H%M%S.a', at, 'Europe/Berlin'), '20261025-023000.a');
  assert.equal(nameAt('%H', new Date('2026-01-01T00:00:00Z'), 'UTC'), '00');
  assert.deepEqual(
    ['90m', '36h', '7d', '4w'].map(spanMs),
    [5_400_000, 129_600_000, 604_800_000, 2_419_200_000],
  );
});
