// The file of times: what one daemon writes the next one reads, and what is damaged is none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ScheduleTimes } from './schedule-times.js';

const folder = mkdtempSync(join(tmpdir(), 'ctvirt-times-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'schedule.json');

test('the next daemon knows them, but for domains that are gone', async () => {
  const times = await ScheduleTimes.open(path);
  const last = { when: '@daily', at: new Date('2026-11-01T00:00:01Z') };
  times.set('a', last);
  times.set('b', last);
  await times.save(new Set(['a']));
  const next = await ScheduleTimes.open(path);
  assert.deepEqual([next.get('a'), next.get('b')], [last, undefined]);
});

test('what is damaged is none', async () => {
  for (const text of ['', '{', 'null', '{"last":7}', '{"last":{"a":1,"b":{"when":"@daily","at":"x"}}}']) {
    writeFileSync(path, text);
    const times = await ScheduleTimes.open(path);
    assert.deepEqual([times.get('a'), times.get('b')], [undefined, undefined], text);
  }
});
