// What is gone: erased soon or later, whoever waits for it, and tried again where that fails.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nameVolume } from '../host/volumes.js';
import { Graves } from './graves.js';

function world(t: TestContext, patienceMs?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'cvgraves-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const told: string[] = [];
  const make = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(join(path, 'upper'), { recursive: true });
    writeFileSync(join(path, 'upper', 'file'), 'x');
    return path;
  };
  return { folder, told, make, graves: new Graves(folder, (line) => void told.push(line), patienceMs) };
}

test('what is taken away is erased by then, where that is quick', async (t) => {
  const { folder, make, graves } = world(t, 60_000);
  await graves.bury(make('web/snapshots/one'));
  assert.deepEqual(readdirSync(folder), ['web']);
  await graves.bury(join(folder, 'none'));
});

test('what takes longer is gone at once, and erased beside everything else', async (t) => {
  const { folder, told, make, graves } = world(t, 0);
  const path = make('web');
  await graves.bury(path);
  assert.ok(!existsSync(path));
  // On a quick disk it may be erased by now.
  for (const grave of readdirSync(folder)) assert.ok(graves.isErasing(join(folder, grave)), grave);
  while (readdirSync(folder).length > 0) await sleep(5);
  assert.deepEqual(told, []);
});

test('what cannot be erased is told, and erased as soon as it can be', async (t) => {
  const { folder, told, make, graves } = world(t, 60_000);
  const path = make('web');
  // No host has it, so that whoever would remove it fails.
  await nameVolume(join(path, 'root.lvm'), { name: 'ctvirt-none/pool' });
  await assert.rejects(graves.bury(path), /it is gone, but .* tried again later/);
  assert.ok(!existsSync(path));
  await graves.retry();
  const [grave = ''] = readdirSync(folder);
  rmSync(join(folder, grave, 'root.lvm'));
  await graves.retry();
  assert.deepEqual([readdirSync(folder), told], [[], []]);
});

test('who needs the room waits for what is being erased', async (t) => {
  const { folder, told, make, graves } = world(t);
  const path = make('web');
  await graves.discard(path, 0);
  assert.ok(!existsSync(path));
  await graves.settled();
  assert.deepEqual([readdirSync(folder), told], [[], []]);
});
