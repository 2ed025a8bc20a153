// Whose links are counted: of a domain that ends while they are looked up nobody is told that they were not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainRecord } from '../../testing/record.js';
import type { Run, Subject } from '../driver.js';
import { MemoryRun } from '../memory/driver.js';
import { LinkMeter } from './link-meter.js';

test('a document that went with its domain is nothing to complain of, any other is', async () => {
  const logged: string[] = [];
  const entry: { record: Subject['record']; running: Run | undefined } = {
    record: domainRecord({ name: 'd' }),
    running: new MemoryRun(1, { type: 'lxc', name: 'd', os: { type: { value: 'exe' } }, devices: {} }),
  };
  const meter = (live: () => void): LinkMeter =>
    new LinkMeter({
      endedFolder: '/nonexistent',
      entries: () => [entry],
      live: async () => {
        live();
        throw new Error('ENOENT: no such file or directory');
      },
      book: () => undefined,
      saveSoon: () => undefined,
      log: (_level, message) => void logged.push(message),
    });
  await meter(() => undefined).know(entry);
  assert.equal(logged.length, 1);
  await meter(() => (entry.running = undefined)).know(entry);
  assert.equal(logged.length, 1, logged.join('\n'));
});
