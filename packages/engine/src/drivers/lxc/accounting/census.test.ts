// Counts over processes: a real lock, real files, of a process of this test.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileLocks, sockets, takeCensus } from './census.js';

test('open files count, terminals by their masters; who has ended counts nothing', async () => {
  // Its shell has the terminal, script itself the master of it.
  const holder = spawn('/usr/bin/script', ['--quiet', '--command', 'echo ready; read line', '/dev/null'], {
    stdio: 'pipe',
  });
  const ended = once(holder, 'exit');
  const { pid = 0 } = holder;
  try {
    await once(holder.stdout, 'data');
    const { files, terminals } = await takeCensus(pid, [pid], await fileLocks());
    assert.ok(files > 3, `${files}`);
    assert.equal(terminals, 1);
  } finally {
    holder.kill();
    await ended;
  }
  assert.deepEqual(await takeCensus(pid, [pid], await fileLocks()), {
    files: 0,
    terminals: 0,
    signals: 0,
    locks: 0,
    tcpSockets: null,
    otherSockets: null,
  });
});

test('a lock belongs to the process that took it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-locks-'));
  const argv = ['--no-fork', `${folder}/lock`, '-c', 'echo held; read line'];
  const holder = spawn('/usr/bin/flock', argv, { stdio: 'pipe' });
  const waiter = spawn('/usr/bin/flock', argv, { stdio: 'pipe' });
  const ended = [once(holder, 'exit'), once(waiter, 'exit')];
  try {
    await Promise.race([once(holder.stdout, 'data'), once(waiter.stdout, 'data')]);
    assert.equal(
      (await takeCensus(process.pid, [holder.pid ?? 0, waiter.pid ?? 0], await fileLocks())).locks,
      1,
    );
  } finally {
    holder.kill();
    waiter.kill();
    await Promise.all(ended);
    rmSync(folder, { recursive: true });
  }
});

test('sockets of both families are told apart', async () => {
  const v4 = 'sockets: used 12\nTCP: inuse 2 orphan 0 tw 0 alloc 1 mem 1\nUDP: inuse 7 mem 0\n';
  assert.deepEqual(sockets(v4, 'TCP6: inuse 1\nUDP6: inuse 0\n'), { tcpSockets: 3, otherSockets: 9 });
  assert.deepEqual(sockets(v4, ''), { tcpSockets: 2, otherSockets: 10 }, 'a host without IPv6');
  assert.deepEqual(sockets('', ''), { tcpSockets: null, otherSockets: null });
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    const { tcpSockets, otherSockets } = await takeCensus(process.pid, [process.pid], new Map());
    assert.ok((tcpSockets ?? 0) >= 1 && otherSockets !== null, `${tcpSockets}, ${otherSockets}`);
  } finally {
    listener.close();
  }
});
