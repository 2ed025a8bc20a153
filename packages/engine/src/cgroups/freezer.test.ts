// Groups that stop, resume and end, with groups below them that have stopped themselves, in the kernel's own hierarchies.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFrozen, killGroup, setFrozen } from './freezer.js';
import { type CgroupLayout, detectCgroups } from './layout.js';

const detected = detectCgroups();
/** In the hybrid layout the second hierarchy has no controllers, but stops and ends groups. */
const unified = '/sys/fs/cgroup/unified';
const hybrid: CgroupLayout = {
  version: 2,
  controllers: new Set(),
  path: (_, group) => join(unified, group),
  all: (group) => [join(unified, group)],
  controlled: (group) => [join(unified, group)],
};
const worlds = [detected, ...(detected.version === 1 && existsSync(unified) ? [hybrid] : [])];

for (const world of worlds)
  test(`cgroup v${world.version}: stopped groups end, those below that stopped themselves too`, async () => {
    const group = `ctvirt-freezer-${process.pid}`;
    const folder = world.path('freezer', group);
    const below = join(folder, 'below');
    mkdirSync(below, { recursive: true });
    try {
      const children = [folder, below].map((where) => {
        const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
        writeFileSync(join(where, 'cgroup.procs'), String(child.pid));
        return child;
      });
      const ended = Promise.all(children.map((child) => once(child, 'exit')));
      const [file, value] = world.version === 2 ? ['cgroup.freeze', '1'] : ['freezer.state', 'FROZEN'];
      writeFileSync(join(below, file), value);
      assert.equal(isFrozen(world, group), false);
      await setFrozen(world, group, true);
      assert.equal(isFrozen(world, group), true);
      await killGroup(world, group);
      assert.deepEqual(
        (await ended).map(([, signal]: readonly unknown[]) => signal),
        ['SIGKILL', 'SIGKILL'],
      );
    } finally {
      rmdirSync(below);
      rmdirSync(folder);
    }
  });
