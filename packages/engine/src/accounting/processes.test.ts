// Counts over processes: a real lock, real files, of a process of this test.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { processCounts } from './processes.js';

test('open files count, terminals by their masters; who has ended counts nothing', async () => {
  // Its shell has the terminal, script itself the master of it.
  const holder = spawn('/usr/bin/script', ['--quiet', '--command', 'echo ready; read line', '/dev/null'], {
    stdio: 'pipe',
  });
  const ended = once(holder, 'exit');
  const { pid = 0 } = holder;
  try {
    await once(holder.stdout, 'data');
    const { files, terminals } = processCounts([pid]);
    assert.ok(files > 3, `${files}`);
    assert.equal(terminals, 1);
  } finally {
    holder.kill();
    await ended;
  }
  assert.deepEqual(processCounts([pid]), { files: 0, terminals: 0, signals: 0, locks: 0 });
});

test('a lock belongs to the process that took it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-locks-'));
  const argv = ['--no-fork', `${folder}/lock`, '-c', 'echo held; read line'];
  const holder = spawn('/usr/bin/flock', argv, { stdio: 'pipe' });
  const waiter = spawn('/usr/bin/flock', argv, { stdio: 'pipe' });
  const ended = [once(holder, 'exit'), once(waiter, 'exit')];
  try {
    await Promise.race([once(holder.stdout, 'data'), once(waiter.stdout, 'data')]);
    assert.equal(processCounts([holder.pid ?? 0, waiter.pid ?? 0]).locks, 1);
  } finally {
    holder.kill();
    waiter.kill();
    await Promise.all(ended);
    rmSync(folder, { recursive: true });
  }
});
