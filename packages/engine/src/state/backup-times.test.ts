// What is remembered of backups of domains from daemon to daemon.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BackupTimes } from './backup-times.js';

const folder = mkdtempSync(join(tmpdir(), 'backup-times-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'backups.json');
const last = { id: '01234567', repository: 'default', takenAt: '2026-11-30T02:00:00Z', isComplete: true };

test('the next daemon knows successes, failures and times; a success ends a failure', async () => {
  const times = await BackupTimes.open(path);
  assert.deepEqual(times.get('a'), {});
  const failure = { at: '2026-12-01T02:00:00Z', error: 'the disk is full' };
  await Promise.all([
    times.succeeded('a', last),
    times.failed('a', failure),
    times.obeyed('a', '@daily', new Date(last.takenAt)),
    times.obeyed('b', '@daily', new Date(0)),
  ]);
  const next = await BackupTimes.open(path);
  assert.deepEqual([next.hasIn('default'), next.hasIn('other')], [true, false]);
  const at = '2026-11-30T02:00:00.000Z';
  assert.deepEqual(next.get('a'), { last, failure, obeyed: { when: '@daily', at, since: at } });
  await next.succeeded('a', last);
  await next.obeyed('a', '@daily', new Date('2026-12-02T02:00:00Z'));
  next.keepOnly((uuid) => uuid === 'a');
  await next.obeyed('a', '@daily', new Date('2026-12-02T02:00:00Z'));
  const third = await BackupTimes.open(path);
  assert.deepEqual(third.get('a'), {
    last,
    obeyed: { when: '@daily', at: '2026-12-02T02:00:00.000Z', since: at },
  });
  assert.deepEqual(third.get('b'), {});
});

test('a damaged file is as none, and a damaged part is left out', async () => {
  for (const text of ['{', '[]', '{"domains":1}', '{"domains":{"a":1}}']) {
    writeFileSync(path, text);
    assert.deepEqual((await BackupTimes.open(path)).get('a'), {}, text);
  }
  writeFileSync(path, JSON.stringify({ domains: { a: { last, failure: { at: 'then', error: 'x' } } } }));
  assert.deepEqual((await BackupTimes.open(path)).get('a'), { last });
});

test('what cannot be written down is remarked and known all the same, and written with the next one', async () => {
  const remarks: string[] = [];
  const within = join(folder, 'away');
  const file = join(within, 'backups.json');
  const times = await BackupTimes.open(file, (remark) => void remarks.push(remark));
  await times.succeeded('a', last);
  assert.match(remarks.join(), /known to this daemon alone: .*ENOENT/);
  assert.deepEqual(times.get('a'), { last });
  mkdirSync(within);
  await times.succeeded('b', last);
  assert.equal(remarks.length, 1);
  assert.deepEqual((await BackupTimes.open(file)).get('a'), { last });
});
