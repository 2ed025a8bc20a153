// The example on a host as people have it: cgroup v2 alone, systemd, AppArmor.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, before, suite, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import type { World } from '../world/world.js';
import { sharedWorld } from './shared-world.js';

suite('a domain on a host with cgroup v2 alone', () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  afterEach(() => world.clear());

  test('the machine is what these stories are about', () => {
    assert.ok(existsSync('/sys/fs/cgroup/cgroup.controllers'), 'cgroup v2 alone');
    assert.equal(readFileSync('/proc/1/comm', 'utf8').trim(), 'systemd');
  });

  test('it starts, runs a program and stops', async () => {
    await world.run(domainXml({ name: 'first' }));
    assert.equal(await world.shell('first', 'echo $$'), '2');
    await world.client.domains.destroy({ domain: 'first' });
  });
});
