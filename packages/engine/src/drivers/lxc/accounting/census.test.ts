// Counts over processes: a real lock, real files, of a process of this test.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
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
    uncounted: 0,
  });
});

test('however many files are open, others have their turn meanwhile, and no more than so many are looked at', async () => {
  const program =
    "for (let n = 0; n < 900; n++) fs.openSync('/dev/null'); console.log(); process.stdin.resume()";
  const holder = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  let [turns, isOver] = [0, false];
  const beat = (): void => {
    turns++;
    if (!isOver) setImmediate(beat);
  };
  try {
    await once(holder.stdout, 'data');
    const pids = Array.from({ length: 100 }, () => holder.pid ?? 0);
    setImmediate(beat);
    // A process is as good as many others.
    const whole = await takeCensus(process.pid, pids, new Map(), 1_000_000);
    assert.ok(whole.files >= 90_000 && whole.uncounted === 0, JSON.stringify(whole));
    assert.ok(turns > 20, `${turns} turns`);
    const part = await takeCensus(process.pid, pids, new Map(), 2000);
    assert.equal(part.uncounted, 98);
    // What the kernel tells by itself is whole.
    const isTold = statSync(`/proc/${holder.pid}/fd`).size > 0;
    assert.equal(part.files, isTold ? whole.files : 2000);
  } finally {
    isOver = true;
    holder.kill();
    await ended;
  }
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
