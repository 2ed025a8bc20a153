// A start that hangs, and the names of command sockets, with a stand-in for lxc-start.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { detectCgroups } from '../../cgroups/layout.js';
import { EngineError } from '../../errors.js';
import { commandLine } from '../../host/processes.js';
import { layoutOf } from '../../state/layout.js';
import { commandAddress } from './command-socket.js';
import { type Launch, LxcTools } from './tools.js';

const root = mkdtempSync(join(tmpdir(), 'cvd'));
const layout = layoutOf(root);
before(() => {
  for (const folder of [layout.runtime, layout.lxc]) mkdirSync(folder, { recursive: true });
});
after(() => rmSync(root, { recursive: true }));

const launch: Launch = {
  program: ['/sbin/init'],
  sigpending: undefined,
  mounts: { within: (work) => work() },
  said: () => [],
};
const processesOfRoot = () =>
  readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && commandLine(Number(pid)).join(' ').includes(`${root}/`),
  );

test('an lxc-start that hangs ends with timeout, and nothing of it is left', async () => {
  const starter = join(root, 'hangs');
  writeFileSync(starter, '#!/bin/sh\nexec /bin/sleep 1000\n');
  chmodSync(starter, 0o755);
  const driver = new LxcTools(layout, detectCgroups(), { starter, startLimitMs: 200 });
  driver.prepare('web', { 'lxc.conf': '' });
  await assert.rejects(
    driver.start('web', launch, async () => undefined),
    (error) => error instanceof EngineError && error.code === 'timeout',
  );
  await driver.clear('web');
  assert.deepEqual(processesOfRoot(), []);
  assert.deepEqual([readdirSync(layout.lxc), readdirSync(layout.runtime)], [[], []]);
});

test('each start has another path; a run of an earlier version has the common one', async () => {
  const driver = new LxcTools(layout, detectCgroups(), { starter: '/bin/false' });
  const paths = new Set<string>();
  for (let run = 0; run < 3; run++) {
    driver.prepare('web', { 'lxc.conf': '' });
    assert.equal(driver.path('web'), layout.lxc);
    await driver.start('web', launch, async () => undefined).catch(() => undefined);
    paths.add(driver.path('web'));
    await driver.clear('web');
  }
  assert.equal(paths.size, 3);
  for (const path of paths) assert.match(path.slice(layout.lxc.length), /^\/[\w-]{12}$/);
});

test('an address that is too long is the one that liblxc makes of it', () => {
  assert.equal(commandAddress('/run/ctvirt/lxc/abc', 'web'), '/run/ctvirt/lxc/abc/web/command');
  assert.match(commandAddress(`/run/${'x'.repeat(60)}`, 'n'.repeat(64)), /^lxc\/[0-9a-f]{16}\/command$/);
});
