// Links that are put down and up by virsh while their container runs, which has no say in it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
const here = (line: string) => world.enclosure.output('ip', ...line.split(' '));
const virsh = (...args: string[]) => world.enclosure.output('virsh', '-c', world.uri('lxc'), ...args);
before(async () => {
  world = await World.open();
  await here('link add br0 type bridge');
  await here('address add 10.95.0.1/24 dev br0');
  await here('link set br0 up');
});
after(async () => {
  await world.eraseAll();
  await here('link delete br0');
  await world.close();
});

const macs = ['52:54:00:95:00:01', '52:54:00:95:00:02', '52:54:00:95:00:03'] as const;
const link = (type: string, source: string, at: number, address: string, more = '') =>
  `<interface type='${type}'><mac address='${macs[at]}'/>${source}<ip address='${address}' prefix='24'/>${more}</interface>`;
const document = (name: string, more = '') =>
  domainXml({
    name,
    interfaces: [
      link(
        'bridge',
        "<source bridge='br0'/>",
        0,
        '10.95.0.5',
        `<route family='ipv4' address='0.0.0.0' gateway='10.95.0.1'/>${more}`,
      ),
      link('network', "<source network='lan'/>", 1, '10.95.1.5', more),
      link('ethernet', '', 2, '10.95.2.5', more),
    ],
  });
const set = async (domain: string, state: string) => {
  for (const mac of macs) await virsh('domif-setlink', domain, mac, state);
};
const reaches = async (domain: string) => {
  const all = ['10.95.0.1', '10.95.1.1'].map((address) =>
    world.exec(domain, 'ping', '-c', '1', '-W', '2', address),
  );
  const inside = (await Promise.all(all)).map(({ status }) => status === 0);
  return [...inside, / dev cv/.test(await here('route show 10.95.2.5'))];
};

/** Whoever was asked for in vain before is asked for again after three seconds. */
const reachesAll = (domain: string) =>
  waitFor('all to be reached', async () => (await reaches(domain)).every((one) => one));

test('links go down and come up, whatever the container does', async () => {
  await world.client.networks.define({
    body: "<network><name>lan</name><ip address='10.95.1.1' prefix='24'/></network>",
  });
  await world.client.networks.start({ network: 'lan' });
  await world.run(document('one'));
  assert.deepEqual(await reaches('one'), [true, true, true]);
  const ends = await world.enclosure.links();
  await set('one', 'down');
  // The links that were there: counters, rates and what the container set inside stay with them.
  assert.deepEqual(await world.enclosure.links(), ends);
  assert.match(await virsh('domif-getlink', 'one', macs[0]), /down/);
  await world.shell('one', 'for link in eth0 eth1 eth2; do ip link set $link up; done');
  assert.deepEqual(await reaches('one'), [false, false, false]);
  await world.kill();
  await world.start();
  assert.deepEqual(await reaches('one'), [false, false, false]);
  await set('one', 'up');
  await reachesAll('one');
  // What it has taken away of its own, so that no way can lead there, keeps nobody from putting a link up.
  await set('one', 'down');
  await world.shell('one', 'ip link set eth0 down; ip address flush dev eth0');
  await set('one', 'up');
  assert.match(await virsh('domif-getlink', 'one', macs[0]), /up/);
  assert.match(await world.shell('one', 'ip link show eth0'), /,UP/);
  await world.erase('one');
  // One that begins down has no way out until it is up.
  await world.run(document('two', "<link state='down'/>"));
  await world.shell('two', 'for link in eth0 eth1 eth2; do ip link set $link up; done');
  assert.deepEqual(await reaches('two'), [false, false, false]);
  await set('two', 'up');
  await reachesAll('two');
  assert.match(await world.shell('two', 'ip route'), /^default via 10\.95\.0\.1 dev eth0/m);
  await world.erase('two');
  await world.client.networks.stop({ network: 'lan' });
  await world.client.networks.undefine({ network: 'lan' });
});
