// Groups that stop, resume and end, with groups below them that have stopped themselves, in the kernel's own hierarchies.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeContainerGroups } from './container-groups.js';
import { countLive, isFrozen, killGroup, setFrozen, whileStopped } from './freezer.js';
import { type CgroupLayout, detectCgroups, processesIn } from './layout.js';

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

/** Stops a group by the guard, says so, and waits to be killed. */
const holder = `
const [url, world, group] = process.argv.slice(1);
const { whileStopped } = await import(url);
const { version, folder } = JSON.parse(world);
const layout = { version, path: () => folder };
await whileStopped(layout, group, { copied: 'it', limitMs: 60_000 }, async () => {
  process.stdout.write('held');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
`;

for (const world of worlds) {
  test(`cgroup v${world.version}: who is held goes on when whoever holds it is killed, or too slow`, async () => {
    const group = `ctvirt-held-${process.pid}`;
    const folder = world.path('freezer', group);
    mkdirSync(folder);
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    try {
      writeFileSync(join(folder, 'cgroup.procs'), String(child.pid));
      const url = new URL('./freezer.js', import.meta.url).href;
      const told = JSON.stringify({ version: world.version, folder });
      const words = ['--input-type=module', '--eval', holder, url, told, group];
      const killed = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(killed.stdout, 'data');
      assert.equal(isFrozen(world, group), true);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      while (isFrozen(world, group)) await sleep(5);
      const hold = (limitMs: number, work: () => Promise<void>) =>
        whileStopped(world, group, { copied: 'it', limitMs }, work);
      const late = hold(3000, async () => {
        assert.equal(isFrozen(world, group), true);
        while (isFrozen(world, group)) await sleep(5);
        // Whoever holds it looks at a clock of its own.
        await sleep(300);
      });
      await assert.rejects(late, { code: 'timeout' });
      assert.ok((await hold(60_000, async () => undefined)) < 30_000);
      assert.equal(isFrozen(world, group), false);
    } finally {
      await setFrozen(world, group, false);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmdirSync(folder);
    }
  });

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
}

/** Makes groups and takes them away, as a monitor does with those of its container, until its input ends. */
const restless = `
const { mkdirSync, rmdirSync } = require('node:fs');
const folder = process.argv[1];
const round = () => {
  for (let times = 0; times < 200; times++) {
    mkdirSync(folder);
    rmdirSync(folder);
  }
  setImmediate(round);
};
process.stdin.resume().on('end', () => process.exit());
process.stdout.write('on');
round();
`;

for (const world of worlds)
  test(`cgroup v${world.version}: a group that goes at whatever moment has nothing that is to be ended`, async () => {
    const group = `ctvirt-goes-${process.pid}`;
    const folder = world.path('freezer', group);
    const other = spawn(process.execPath, ['--eval', restless, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(other, 'exit');
    try {
      await once(other.stdout, 'data');
      for (const until = performance.now() + 1500; performance.now() < until; ) await killGroup(world, group);
    } finally {
      other.stdin.end();
      await ended;
      assert.equal(existsSync(folder), false);
    }
  });

const second = worlds.find(({ version }) => version === 2);
test('a container that spreads threads over groups is counted and ended as any other', {
  skip: second === undefined ? 'this host has no hierarchy of v2' : false,
}, async () => {
  if (second === undefined) return;
  const parent = `ctvirt-threads-${process.pid}`;
  const group = `${parent}/lxc.payload.spread`;
  const [folder, below] = [second.path('freezer', group), second.path('freezer', `${group}/threads`)];
  mkdirSync(below, { recursive: true });
  const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    writeFileSync(join(folder, 'cgroup.procs'), String(child.pid));
    writeFileSync(join(below, 'cgroup.type'), 'threaded');
    writeFileSync(join(below, 'cgroup.threads'), String(child.pid));
    assert.deepEqual(await processesIn(folder), [child.pid]);
    assert.equal(await countLive(second, group), 1);
    assert.deepEqual(await removeContainerGroups(second, parent, 'spread', () => false), []);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.equal(existsSync(folder), false);
  } finally {
    child.kill('SIGKILL');
    await ended;
    for (const each of [below, folder, second.path('freezer', parent)]) if (existsSync(each)) rmdirSync(each);
  }
});

for (const world of worlds)
  test(`cgroup v${world.version}: processes are found in groups whose paths are longer than any that the kernel takes`, async () => {
    const group = `ctvirt-deep-${process.pid}`;
    const parent = world.path('freezer', group);
    const top = join(parent, 'lxc.payload.deep');
    mkdirSync(top, { recursive: true });
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const began = process.cwd();
    try {
      process.chdir(top);
      for (let depth = 0; depth < 20; depth++) {
        mkdirSync('x'.repeat(250));
        process.chdir('x'.repeat(250));
      }
      writeFileSync('cgroup.procs', String(child.pid));
      process.chdir(began);
      assert.deepEqual(await processesIn(parent), [child.pid]);
    } finally {
      process.chdir(began);
      child.kill('SIGKILL');
      await ended;
      const all = { ...world, all: (of: string) => [world.path('freezer', of)] };
      assert.deepEqual(await removeContainerGroups(all, group, 'deep', () => false), []);
      rmdirSync(parent);
    }
  });
