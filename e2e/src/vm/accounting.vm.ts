// Accounting where cgroup v2 does it: peaks, refusals, pressure, and a container's own limits in its /proc.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { afterEach, before, suite, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import type { World } from '../world/world.js';
import { sharedWorld } from './shared-world.js';

const MiB = 2 ** 20;

suite('accounting by cgroup v2', () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  afterEach(() => world.clear());

  const limited = (name: string) =>
    domainXml({
      name,
      more: `<memory unit='MiB'>48</memory>
  <memtune><hard_limit unit='MiB'>48</hard_limit><swap_hard_limit unit='MiB'>48</swap_hard_limit>
    <min_guarantee unit='MiB'>16</min_guarantee></memtune>
  <metadata><ctvirt:beancounters xmlns:ctvirt='urn:ctvirt:beancounters:1'>
    <ctvirt:parameter name='numproc' barrier='16' limit='16'/>
  </ctvirt:beancounters></metadata>`,
    });
  const rowsOf = async (domain: string) => {
    const { rows } = await world.client.beancounters.show({ domain });
    return new Map(rows.map((row) => [row.resource, row]));
  };

  test('what is refused is counted, the most that was held is known, the next daemon goes on with both', async () => {
    await world.run(limited('801'));
    const crowd = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 300 & done';
    assert.notEqual((await world.exec('801', '/bin/sh', '-c', crowd)).status, 0);
    await world.shell('801', 'exec killall sleep');
    assert.equal((await world.exec('801', '/bin/sh', '-c', 'tail /dev/zero')).status, 137);
    const before = await rowsOf('801');
    await world.kill();
    await world.start();
    const rows = await rowsOf('801');
    for (const resource of ['numproc', 'physpages', 'oomguarpages'])
      assert.ok((rows.get(resource)?.failcnt ?? 0) >= 1, resource);
    for (const resource of ['numproc', 'physpages']) {
      assert.equal(rows.get(resource)?.sampled, false, resource);
      assert.equal(rows.get(resource)?.failcnt, before.get(resource)?.failcnt, resource);
    }
    assert.equal(rows.get('numproc')?.maxheld, 16);
    assert.ok((rows.get('physpages')?.maxheld ?? 0) > (40 * MiB) / 4096);
    for (const resource of ['kmemsize', 'privvmpages', 'shmpages', 'swappages', 'dcachesize', 'vmguarpages'])
      assert.notEqual(rows.get(resource)?.held ?? null, null, resource);
    assert.equal(rows.get('numiptent')?.held, null);
    assert.match(world.log, /domain '801': failcnt of numproc rose by/);
  });

  test('who waits and what is reclaimed is known, so a promise is kept or broken', async () => {
    await world.run(limited('802'));
    const delivered = async () =>
      (await world.client.guarantees.delivered({ minutes: 1 })).find(({ name }) => name === '802');
    await waitFor('two looks', async () => ((await delivered())?.given ?? null) !== null, 60_000);
    const { given, cpu, memory } = (await delivered()) ?? assert.fail();
    for (const [name, value] of Object.entries(given ?? {})) assert.notEqual(value, null, name);
    assert.equal(cpu.verdict, 'kept');
    assert.deepEqual([memory.verdict, memory.allocationBytes, given?.reclaims], ['kept', 16 * MiB, 0]);
  });

  test("the container's /proc tells its own limits", async () => {
    await world.run(limited('803'));
    const total = await world.shell('803', 'grep MemTotal /proc/meminfo');
    assert.match(total, new RegExp(` ${48 * 1024} kB$`));
  });
});
