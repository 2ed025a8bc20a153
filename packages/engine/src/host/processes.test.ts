// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { childrenOf, hasOwnPids, programName, startedAt, startTicks } from './processes.js';
import { userName } from './user-name.js';

test('a start is told to some hundredths of a second', async () => {
  const before = new Date();
  const child = spawn('cat');
  await once(child, 'spawn');
  const after = new Date();
  const at = startedAt(startTicks(child.pid ?? 0) ?? 0).getTime();
  child.stdin.end();
  assert.ok(at > before.getTime() - 50 && at < after.getTime() + 50);
});

test('a process is called by its program, a script by its own name, and users by theirs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctproc'));
  try {
    for (const [name, text] of [
      ['ctvirt.cjs', "console.log('here'); setTimeout(() => {}, 30_000);"],
      ['plain', "console.log('here'); setTimeout(() => {}, 30_000);"],
      ['night.sh', 'echo here; sleep 30 & wait'],
    ] as const)
      writeFileSync(join(folder, name), text);
    for (const [argv, called] of [
      [[process.execPath, join(folder, 'ctvirt.cjs'), 'backup'], 'ctvirt'],
      [[process.execPath, join(folder, 'plain')], 'plain'],
      [['sh', join(folder, 'night.sh')], 'night'],
      [['sh', '-c', 'echo here; sleep 30 & wait'], 'sh'],
      [['tail', '-c+0', '-f', join(folder, 'plain')], 'tail'],
    ] as const) {
      const [program, ...words] = argv;
      const child = spawn(program, words);
      await once(child.stdout, 'data');
      assert.equal(programName(child.pid ?? 0), called, argv.join(' '));
      child.kill();
      await once(child, 'exit');
      assert.equal(programName(child.pid ?? 0), undefined);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual([userName(0), userName(4_000_000_000)], ['root', undefined]);
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
