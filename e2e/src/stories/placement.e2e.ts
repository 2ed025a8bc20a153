// A number of processors: the container is on so many of the host's and knows it, and all of the host's are used evenly.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { after, afterEach, before, describe, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

const hostCpus = availableParallelism();
const skip = hostCpus < 2 && 'one processor cannot be divided';

describe('domains with fewer processors than the host', { skip }, () => {
  let world: World;
  before(async () => {
    world = await World.open();
  });
  afterEach(() => world.clear());
  after(() => world.close());

  const counted = (name: string, cpus = 1, more = '') =>
    domainXml({ name, type: 'openvz', more: `<vcpu${more}>${cpus}</vcpu>` });
  const set = async (domain: string, values: Record<string, string>, stored = false): Promise<void> => {
    await world.client.domains.setParameters({ domain, body: { values, live: true, stored } });
  };
  /** Where the kernel lets its init run. */
  const placeOf = async (domain: string): Promise<string> => {
    const { initPid } = await world.client.domains.info({ domain });
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${initPid}/status`, 'utf8'))?.[1] ?? '';
  };
  const placesOf = (...domains: string[]): Promise<string[]> => Promise.all(domains.map(placeOf));
  const nproc = (domain: string): Promise<string> => world.shell(domain, 'nproc');
  const everywhere = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];

  test('nproc, /proc and the documents: it is told of one, and nobody of a pin', async () => {
    await world.run(counted('801'));
    assert.equal(await nproc('801'), '1');
    assert.equal(await world.shell('801', 'grep -c ^processor /proc/cpuinfo'), '1');
    assert.equal(await world.shell('801', 'grep -c "^cpu[0-9]" /proc/stat'), '1');
    const xml = await world.client.domains.xml({ domain: '801' });
    assert.doesNotMatch(xml, /cpuset/);
    const rows = await world.client.domains.parameters({ domain: '801' });
    assert.equal(
      rows.find(({ key }) => key === 'CPUMASK'),
      undefined,
    );
    await world.run(domainXml({ name: '802', type: 'openvz' }));
    assert.equal(await nproc('802'), String(hostCpus), 'who is not limited sees all');
  });

  test('one after the other they lie apart, and when one ends as few as need be are moved', async () => {
    const names = Array.from({ length: 2 * hostCpus }, (_, index) => String(810 + index));
    for (const name of names) await world.run(counted(name));
    const before = await placesOf(...names);
    const times = (processor: string, places: string[]) => places.filter((one) => one === processor).length;
    for (let processor = 0; processor < hostCpus; processor++)
      assert.equal(times(String(processor), before), 2);
    const mates = names.filter((_, index) => before[index] === '0');
    for (const name of mates) await world.client.domains.destroy({ domain: name });
    const left = names.filter((name) => !mates.includes(name));
    const later = await placesOf(...left);
    assert.equal(times('0', later), 1);
    const moved = left.filter((name, index) => later[index] !== before[names.indexOf(name)]);
    assert.equal(moved.length, 1);
    for (const name of left) assert.equal(await nproc(name), '1');
  });

  test('the next daemon finds them where they are, also after kill -9, and goes on from there', async () => {
    const names = ['821', '822', '823'];
    for (const name of names) await world.run(counted(name));
    const before = await placesOf(...names);
    for (const end of [() => world.stop(), () => world.kill()]) {
      await end();
      await world.start();
      assert.deepEqual(await placesOf(...names), before);
    }
    if (hostCpus > 2) return;
    await world.run(counted('824'));
    assert.equal(await placeOf('824'), before[1], 'where one of the three is');
    // What ended while no daemon was there leaves its processor to others.
    const { initPid } = await world.client.domains.info({ domain: '822' });
    const other = await world.client.domains.info({ domain: '824' });
    await world.kill();
    for (const pid of [initPid, other.initPid]) process.kill(pid ?? assert.fail(), 'SIGKILL');
    await world.start();
    assert.deepEqual((await placesOf('821', '823')).sort(), ['0', '1']);
  });

  test('set --cpus --live: the running container is told of it, up, down and back', async () => {
    await world.run(domainXml({ name: '831', type: 'openvz' }));
    await world.run(counted('832'));
    assert.equal((await world.cli(['set', '831', '--cpus', '1', '--live'])).status, 0);
    assert.equal(await nproc('831'), '1');
    const places = await placesOf('831', '832');
    assert.equal(new Set(places).size, 2, 'apart');
    await set('831', { numproc: '100' });
    assert.deepEqual(await placesOf('831', '832'), places);
    await set('831', { cpus: 'unlimited' });
    assert.equal(await nproc('831'), String(hostCpus));
    assert.equal(await placeOf('831'), everywhere);
    await set('831', { cpus: '1' });
    await world.kill();
    await world.start();
    assert.equal(await nproc('831'), '1');
    await set('831', { cpus: String(hostCpus) });
    assert.equal(await nproc('831'), String(hostCpus));
  });

  test('a change that the kernel refuses, or a daemon did not finish, leaves it where it was', async () => {
    await world.run(domainXml({ name: '841', type: 'openvz' }));
    await assert.rejects(set('841', { cpus: '1', nodemask: '4000' }), /cpuset\.mems/);
    assert.equal(await nproc('841'), String(hostCpus));
    const folder = `${world.root}/run/domains/841`;
    const document = await readFile(`${folder}/live.xml`, 'utf8');
    await set('841', { cpus: '1' });
    assert.equal(await nproc('841'), '1');
    await world.kill();
    await rename(`${folder}/live.xml`, `${folder}/live.xml.proposed`);
    await writeFile(`${folder}/live.xml`, document);
    await world.start();
    assert.match(world.log, /domain '841': took back a change that was interrupted/);
    assert.equal(await nproc('841'), String(hostCpus));
  });

  test('of a mask that many are chosen, and what is named wins over the number', async () => {
    const last = String(hostCpus - 1);
    await world.run(counted('851', 1, ` cpuset='${last}'`));
    await world.run(counted('852', 1, ` cpuset='0-${last}'`));
    assert.equal(await placeOf('851'), last);
    assert.equal(await placeOf('852'), '0', 'not where the other is');
    await set('852', { cpumask: last });
    assert.deepEqual(await placesOf('851', '852'), [last, last]);
    const xml = await world.client.domains.xml({ domain: '852' });
    assert.match(xml, new RegExp(`cpuset='${last}'`));
    await set('852', { cpumask: 'all' });
    assert.equal(await nproc('852'), '1');
    assert.equal(await placeOf('852'), '0', 'not where the other is named to be');
    await set('852', { cpus: 'unlimited' });
    assert.equal(await placeOf('852'), everywhere);
    await set('852', { cpumask: last, nodemask: '0' });
    await set('852', { cpumask: 'all', nodemask: 'all' });
    assert.equal(await placeOf('852'), everywhere);
  });

  test('processors that the kernel does not give are no reason not to start: the quota holds all the same', async () => {
    const { enclosure, host } = world;
    // As if a processor had gone offline in between, for this daemon alone.
    await copyFile('/usr/bin/lxc-start', `${host}/lxc-start`);
    const missed = `#!/bin/sh
for word; do
  [ "$before" = -f ] && /usr/bin/sed -i 's/^\\(lxc\\.cgroup2*\\.cpuset\\.cpus\\) = .*/\\1 = 4000/' "$word"
  before=$word
done
exec ${host}/lxc-start "$@"
`;
    await writeFile(`${host}/missed`, missed, { mode: 0o755 });
    await enclosure.output('mount', '--bind', `${host}/missed`, '/usr/bin/lxc-start');
    try {
      for (const domain of ['861', '862', '863', '864', '865', '866']) {
        await world.run(counted(domain));
        assert.equal(await nproc(domain), String(hostCpus));
        assert.equal(await world.shell(domain, 'grep -c ^processor /proc/cpuinfo'), '1', 'by its quota');
      }
      assert.equal(world.log.match(/see all of them/g)?.length, 1, world.log);
      const absent = domainXml({ name: '867', type: 'openvz', more: "<vcpu cpuset='4000'>1</vcpu>" });
      await assert.rejects(world.run(absent), /cpuset\.cpus/, 'what was named is refused as before');
    } finally {
      await enclosure.output('umount', '/usr/bin/lxc-start');
    }
    await world.run(counted('868'));
    assert.equal(await nproc('868'), '1');
  });
});
