// The wall on the wire with the kernel that most users have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { domainXml, templateRoot } from '../world/documents.js';
import { Rogue } from '../world/rogue.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

suite('what a container forges on the wire', () => {
  let world: World;
  before(async () => {
    world = await World.open();
  });
  after(() => world.close());

  test('the host takes in no route and no neighbour of it, and still reaches the container', async () => {
    const rogue = await Rogue.in(world.host);
    const said = 'advertisement,hidden,redirect,strangers,crowd,claims,tagged';
    const program = rogue.inside(said, { own4: '192.168.7.66', own6: '2001:db8:7::66' });
    const link =
      "<interface type='ethernet'><ip address='192.168.7.66'/><ip address='2001:db8:7::66'/></interface>";
    const filesystems = [templateRoot, rogue.filesystem];
    await world.run(domainXml({ name: 'rogue', program, filesystems, interfaces: [link] }));
    const isSaid = async () => (await world.exec('rogue', 'test', '-e', '/said')).status === 0;
    await waitFor('all to be said', isSaid, 120_000);
    assert.doesNotMatch(await world.enclosure.output('ip', '-6', 'route'), /proto ra|^default|bad/m);
    assert.doesNotMatch(await world.enclosure.output('ip', 'neigh', 'show'), /10\.9\.|bad/);
    for (const address of ['192.168.7.66', '2001:db8:7::66'])
      await waitFor(`an answer of ${address}`, async () => {
        const { status } = await world.enclosure.run(['busybox', 'ping', '-c', '1', '-W', '1', address]);
        return status === 0;
      });
    await world.clear();
  });

  test('on a bridge that keeps VLANs apart, what the host and the network have in one is no container’s in it', async () => {
    const { enclosure, host } = world;
    const ip = (...args: string[]) => enclosure.output('ip', ...args);
    const tools = `${host}/vlan`;
    await mkdir(tools);
    const rogue = await Rogue.in(tools);
    await makeVlan(enclosure);
    for (const [name, addresses] of Object.entries(inVlan)) {
      const link = `<interface type='bridge'><source bridge='br1'/>${addresses}<target dev='vlan-${name}'/><link state='up'/></interface>`;
      await world.run(domainXml({ name, filesystems: [templateRoot, rogue.filesystem], interfaces: [link] }));
      await enclosure.output('bridge', 'vlan', 'del', 'dev', `vlan-${name}`, 'vid', '1');
      await enclosure.output('bridge', 'vlan', 'add', 'dev', `vlan-${name}`, 'vid', '10', 'pvid', 'untagged');
    }
    await world.shell('open', 'ip address add 10.78.0.52/24 dev eth0; ip link set eth0 up');
    const reach = (argv: readonly string[], address: string) =>
      waitFor(`an answer of ${address}`, async () => {
        const words = ['ping', '-c', '1', '-W', '1', address];
        return (await enclosure.run([...argv, ...words])).status === 0;
      });
    const onMachine = ['ip', 'netns', 'exec', 'lan', 'busybox'];
    for (const address of [vlan.machine4, vlan.machine6]) await reach(['busybox'], address);
    for (const address of [vlan.host4, vlan.host6, vlan.mac4, vlan.mac6]) await reach(onMachine, address);
    // What is honest goes on.
    for (const address of [vlan.host4, vlan.machine4, vlan.host6, vlan.machine6])
      await waitFor(`an answer of ${address} inside`, async () => {
        return (await world.exec('bound', 'ping', '-c', '1', '-W', '1', address)).status === 0;
      });
    const hostKnows = () => ip('neigh', 'show', 'dev', 'br1.10');
    const machineKnows = () => ip('netns', 'exec', 'lan', 'ip', 'neigh', 'show');
    // In IPv4 either link of the host's answers for both.
    const hostMacs = 'lladdr 02:00:00:00:00:0[23]';
    for (const name of Object.keys(inVlan)) {
      for (const claimed of [
        { host4: vlan.host4, near4: vlan.mac4, host6: vlan.host6, near6: vlan.machine6 },
        { host4: vlan.gateway4, near4: vlan.free4, host6: vlan.mac6, near6: vlan.machine6 },
      ]) {
        const argv = rogue.inside('claims', { ...claimed, leave: 1 });
        assert.equal((await world.exec(name, ...argv)).status, 0);
      }
      assert.match(await hostKnows(), new RegExp(`^${vlan.machine6} lladdr ${vlan.machineMac}`, 'm'), name);
      assert.doesNotMatch(await hostKnows(), new RegExp(`^${vlan.gateway4} .*lladdr`, 'm'), name);
      const heard = await machineKnows();
      for (const address of [vlan.host4, vlan.host6, vlan.mac4, vlan.mac6])
        assert.match(heard, new RegExp(`^${address} .*${hostMacs}`, 'm'), name);
    }
    await world.erase(...Object.keys(inVlan));
    for (const link of ['br1', 'tr0']) await ip('link', 'delete', link);
    await ip('netns', 'delete', 'lan');
    await world.clear();
  });
});

const vlan = {
  ...{ host4: '10.78.0.1', host6: '2001:db8:78::1', mac4: '10.78.0.3', mac6: '2001:db8:78::3' },
  ...{ machine4: '10.78.0.2', machine6: '2001:db8:78:0:b1b2:c3d4:e5f6:789a' },
  ...{ machineMac: '52:54:00:bb:bb:bb', gateway4: '10.78.0.254', free4: '10.78.0.200' },
} as const;

/** Containers in VLAN 10: one whose addresses its document tells, and one that takes what it likes. */
const inVlan = {
  bound: "<ip address='10.78.0.51' prefix='24'/><ip address='2001:db8:78::51' family='ipv6' prefix='64'/>",
  open: '',
} as const;

/** The host has addresses in VLAN 10 of br1 by a link of it and by a macvlan on that, a machine of the network is on a trunk. */
async function makeVlan(enclosure: World['enclosure']): Promise<void> {
  const ip = (...args: string[]) => enclosure.output('ip', ...args);
  const lan = (...args: string[]) => ip('netns', 'exec', 'lan', 'ip', ...args);
  const add = (...args: string[]) => ip('link', 'add', ...args);
  await add('br1', 'address', '02:00:00:00:00:02', 'type', 'bridge', 'vlan_filtering', '1');
  await ip('netns', 'add', 'lan');
  await add('tr0', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', 'lan');
  await ip('link', 'set', 'tr0', 'master', 'br1', 'up');
  await ip('link', 'set', 'br1', 'up');
  for (const [link, ...more] of [['tr0'], ['br1', 'self']] as const)
    await enclosure.output('bridge', 'vlan', 'add', 'dev', link, 'vid', '10', ...more);
  await add('link', 'br1', 'name', 'br1.10', 'type', 'vlan', 'id', '10');
  await add(
    'link',
    'br1.10',
    'name',
    'mac0',
    'address',
    '02:00:00:00:00:03',
    'type',
    'macvlan',
    'mode',
    'bridge',
  );
  await lan('link', 'set', 'eth1', 'address', vlan.machineMac, 'up');
  await lan('link', 'add', 'link', 'eth1', 'name', 'eth1.10', 'type', 'vlan', 'id', '10');
  for (const [at, link, v4, v6] of [
    [ip, 'br1.10', vlan.host4, vlan.host6],
    [ip, 'mac0', vlan.mac4, vlan.mac6],
    [lan, 'eth1.10', vlan.machine4, vlan.machine6],
  ] as const) {
    await at('address', 'add', `${v4}/24`, 'dev', link);
    await at('-6', 'address', 'add', `${v6}/64`, 'dev', link, 'nodad');
    await at('link', 'set', link, 'up');
  }
  await ip('route', 'add', '10.79.0.0/24', 'via', vlan.gateway4, 'dev', 'br1.10');
}
