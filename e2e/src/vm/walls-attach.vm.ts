// Entering a container where control groups are of the second version alone: nothing of the host is visible there either.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, before, suite, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { toolsFilesystem, watch } from '../world/watcher.js';
import type { World } from '../world/world.js';
import { sharedWorld } from './shared-world.js';

suite('programs that enter a container', () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  afterEach(() => world.clear());

  test('are in its group, with init’s bounds and label, and nobody inside gets hold of them on their way', async () => {
    const tools = await toolsFilesystem(world);
    await world.run(domainXml({ name: 'entered', filesystems: [templateRoot, tools] }));
    const watcher = await watch(world, 'entered');
    for (let round = 0; round < 10; round++) await world.exec('entered', 'true');
    const session = await world.client.domains.exec({
      domain: 'entered',
      open: { argv: ['tty'], tty: true, columns: 80, rows: 24 },
    });
    let text = '';
    for await (const chunk of session.stdout) text += String(chunk);
    assert.match(text, /^\/dev\/pts\/\d+\r\n$/);
    const { breaches, refused } = await watcher.end();
    assert.deepEqual(breaches, []);
    assert.ok(refused > 0, 'he was never in time: what he did not find says nothing');
    assert.match(await world.shell('entered', 'cat /proc/self/cgroup'), /^0::\/(\.lxc)?$/);
    const bounds = (status: string) => status.match(/^(CapBnd|NoNewPrivs|Seccomp):.*$/gm);
    assert.deepEqual(
      bounds(await world.shell('entered', 'cat /proc/self/status')),
      bounds(await world.shell('entered', 'cat /proc/1/status')),
    );
    const label = 'cat /proc/$PID/attr/current 2>&1 || true';
    assert.equal(
      await world.shell('entered', label.replace('$PID', 'self')),
      await world.shell('entered', label.replace('$PID', '1')),
    );
    assert.equal(
      readFileSync(`/proc/${world.daemonPid}/cgroup`, 'utf8').includes('lxc.'),
      false,
      'the daemon was moved',
    );
  });
});
