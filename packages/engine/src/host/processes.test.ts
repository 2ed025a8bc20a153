// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { childrenOf, hasOwnPids, startedAt, startTicks } from './processes.js';

test('a start is told to some hundredths of a second', async () => {
  const before = new Date();
  const child = spawn('cat');
  await once(child, 'spawn');
  const after = new Date();
  const at = startedAt(startTicks(child.pid ?? 0) ?? 0).getTime();
  child.stdin.end();
  assert.ok(at > before.getTime() - 50 && at < after.getTime() + 50);
});

const options = { skip: process.getuid?.() === 0 ? false : 'namespaces of its own are for root' };

test('who counts its processes by itself is told also to one who may not look into it', options, async () => {
  const outer = spawn('unshare', [
    ...['--pid', '--fork', 'setpriv', '--reuid=65534', 'sh'],
    ...['-c', 'echo; exec sleep 60'],
  ]);
  try {
    await once(outer.stdout, 'data');
    const [inner = 0] = childrenOf(outer.pid ?? 0);
    assert.deepEqual(
      [hasOwnPids(inner), hasOwnPids(outer.pid ?? 0), hasOwnPids(process.pid)],
      [true, false, false],
    );
    const code = `import { hasOwnPids } from ${JSON.stringify(new URL('./processes.js', import.meta.url).href)};
      import { readlinkSync } from 'node:fs';
      try { readlinkSync('/proc/${inner}/ns/pid'); } catch (error) { console.log(error.code); }
      console.log(hasOwnPids(${inner}));`;
    const told = execFileSync(
      'setpriv',
      ['--bounding-set=-sys_ptrace', process.execPath, '--input-type=module', '--eval', code],
      { encoding: 'utf8' },
    );
    assert.equal(told, 'EACCES\ntrue\n');
  } finally {
    // Its first process takes the namespace with it, and whoever waits for that.
    for (const pid of childrenOf(outer.pid ?? 0)) process.kill(pid, 'SIGKILL');
    if (outer.exitCode === null) await once(outer, 'exit');
  }
});
