// Tries to reach beyond the confinement that hostile archives are unpacked in.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.js';
import { confinedArgv, missingPackage } from './confined.js';

let target = '';

before(async () => {
  target = await mkdtemp(join(tmpdir(), 'ctvirt-confined-'));
});

after(async () => {
  await rm(target, { recursive: true, force: true });
});

const bounds = { cpuSeconds: 5, memoryBytes: 2 ** 30, fileBytes: 2 ** 20 };

async function confined(...command: string[]): Promise<{ status: unknown; output: string; stderr: string }> {
  await using child = new Child(confinedArgv(command, { ...bounds, target, capabilities: ['CAP_CHOWN'] }));
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  return { status: await child.ended, output, stderr: child.complaint };
}

test('it writes into its folder and nowhere else', async () => {
  assert.equal((await confined('touch', 'inside')).status, 0);
  assert.equal((await confined('chown', '1000:1000', 'inside')).status, 0);
  assert.deepEqual(await readdir(target), ['inside']);
  for (const path of ['/usr/outside', '/usr/bin/tar', '/bin/outside']) {
    assert.notEqual((await confined('touch', path)).status, 0, path);
  }
});

test('it sees the programs and nothing else of the host', async () => {
  const { output } = await confined('ls', '-A', '/');
  for (const name of output.trim().split('\n')) {
    assert.ok(['bin', 'lib', 'lib64', 'usr', 'target'].includes(name), name);
  }
});

test('it has no capability that was not given, and gets none', async () => {
  assert.notEqual((await confined('mknod', 'null', 'c', '1', '3')).status, 0);
  assert.notEqual((await confined('chroot', '/', 'true')).status, 0);
  assert.notEqual((await confined('unshare', '--mount', 'true')).status, 0);
  assert.notEqual(
    (await confined('unshare', '--user', '--map-root-user', 'mount', '-t', 'tmpfs', 'x', '/target')).status,
    0,
  );
  const { output } = await confined('setpriv', '--dump');
  assert.match(output, /no_new_privs: 1/);
});

test('of devices it has those that it is given, and may open them', async () => {
  const box = { ...bounds, devices: ['/dev/zero'] };
  await using child = new Child(confinedArgv(['sh', '-c', 'ls /dev; head -c 3 /dev/zero | wc -c'], box));
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  assert.equal(output, 'zero\n3\n', child.complaint);
});

test('it has no network and sees no process but its own', async () => {
  // bash's own kill: a bare Debian has no other.
  const signal = (pid: string) => confined('bash', '-c', `kill -0 ${pid}`);
  assert.equal((await signal('$$')).status, 0);
  assert.notEqual((await signal(String(process.pid))).status, 0);
  assert.notEqual((await confined('bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/22')).status, 0);
});

test('it works among few processes, as in a container', async () => {
  // Process 2 is over by then; in the whole of a host there always is one.
  const among = ['sh', '-c', '/bin/true; exec "$@"', 'sh', ...confinedArgv(['true'], bounds)];
  await using child = new Child(['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', ...among]);
  assert.equal(await child.ended, 0, child.complaint);
});

test('it cannot write a longer file than allowed', async () => {
  const { status } = await confined('truncate', '--size=2M', 'long');
  assert.notEqual(status, 0);
});

test('a missing program is told by its package', async () => {
  const { status, stderr } = await confined('no-such-program');
  assert.notEqual(status, 0);
  assert.equal(missingPackage(stderr), 'no-such-program');
  assert.equal(missingPackage('prlimit: failed to execute bwrap: No such file or directory'), 'bubblewrap');
  assert.equal(missingPackage('tar: something else'), undefined);
});

test('leaving the scope ends it, at whatever moment of its start', async () => {
  for (let ms = 0; ms < 12; ms += 0.1) {
    let ended: Promise<unknown>;
    {
      await using child = new Child(confinedArgv(['sleep', 'infinity'], bounds));
      ended = child.ended;
      await sleep(ms);
    }
    await ended;
  }
});
