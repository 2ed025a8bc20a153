// Groups of containers that are gone, in the real hierarchies of this host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { containersIn, removeContainerGroups, unnumbered } from './container-groups.js';
import { detectCgroups, removeGroup } from './layout.js';

const layout = detectCgroups();
const parent = `ctvirt-test-${process.pid}`;
const groups = (name: string) => layout.all(join(parent, name));
const make = (...names: readonly string[]) => {
  for (const folder of names.flatMap(groups)) mkdirSync(folder, { recursive: true });
};
const there = (name: string): boolean => groups(name).some((folder) => existsSync(folder));

before(() => make('lxc.pivot'));
after(() => removeGroup(layout, parent));

test("a container's groups go, numbered ones too, another container's stay", async () => {
  make('lxc.payload.web', 'lxc.monitor.web', 'lxc.payload.web-1', 'lxc.payload.web-2', 'lxc.payload.web-x');
  assert.deepEqual(await removeContainerGroups(layout, parent, 'web', (name) => name === 'web-2'), []);
  assert.deepEqual(
    ['web', 'web-1', 'web-2', 'web-x'].map((name) => there(`lxc.payload.${name}`)),
    [false, false, true, true],
  );
  assert.equal(there('lxc.monitor.web'), false);
  // One whose own name ends in a number.
  assert.deepEqual(await removeContainerGroups(layout, parent, 'web-2', (name) => name === 'web-2'), []);
  assert.equal(there('lxc.payload.web-2'), false);
});

/** A program that sleeps in a group of one hierarchy. */
async function sleeper(folder: string) {
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  writeFileSync(join(folder, 'cgroup.procs'), String(child.pid));
  return child;
}

test('a group whose last process is just dying is waited for', { skip: layout.version === 2 }, async () => {
  make('lxc.payload.slow');
  // Not seen in the hierarchy that is looked at to end processes.
  const child = await sleeper(layout.path('pids', join(parent, 'lxc.payload.slow')));
  const removed = removeContainerGroups(layout, parent, 'slow', () => false);
  await sleep(50);
  assert.ok(there('lxc.payload.slow'));
  child.kill('SIGKILL');
  assert.deepEqual(await removed, []);
  assert.ok(!there('lxc.payload.slow'));
});

test('what a start that broke off has left running is ended, stopped or not', async () => {
  make('lxc.monitor.half', 'lxc.payload.half-1');
  const begun = (): string[] => containersIn(layout, parent).filter((name) => unnumbered(name) === 'half');
  assert.deepEqual(begun().sort(), ['half', 'half-1']);
  const children = await Promise.all(
    ['lxc.monitor.half', 'lxc.payload.half-1'].map((name) =>
      sleeper(layout.path('freezer', join(parent, name))),
    ),
  );
  children[0]?.kill('SIGSTOP');
  const ended = Promise.all(children.map((child) => once(child, 'exit')));
  assert.deepEqual(await removeContainerGroups(layout, parent, 'half', () => false), []);
  await ended;
  assert.deepEqual(begun(), []);
});
