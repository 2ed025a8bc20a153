// VLANs on bridges: who is in which, whatever he sends, and what becomes of it while things change.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { connect } from '@ctvirt/rpc';
import { domainXml } from '../world/documents.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

suite('VLANs on bridges', () => {
  let world: World;
  before(async () => {
    world = await World.open();
  });
  afterEach(async () => {
    await world.eraseAll();
    await world.eraseNetworks();
    await here('ip link delete br9');
    await world.clear();
  });
  after(() => world.close());

  const here = (line: string) => world.enclosure.output(...line.split(' '));
  const link = (source: string, at: number, more = '') =>
    `<interface type='network'><mac address='52:54:00:96:00:0${at}'/><source network='lan' ${source}/><ip address='10.96.0.${at}' prefix='24'/>${more}</interface>`;
  const run = (name: string, ...interfaces: string[]) => world.run(domainXml({ name, interfaces }));
  const reaches = async (name: string, address: string) =>
    (await world.exec(name, 'ping', '-c', '1', '-W', '1', address)).status === 0;
  /** Which of the members 1 to 5, and whether the host. */
  const reached = async (name: string, among = ['1', '2', '3', '4', '5']) => {
    const found = await Promise.all(among.map((at) => reaches(name, `10.96.0.${at}`)));
    return among.filter((_, at) => found[at]).join('');
  };
  const tagged = (id: number, address: string) =>
    `ip link add link eth0 name eth0.${id} type vlan id ${id}; ip address add ${address}/24 dev eth0.${id}; ip link set eth0.${id} up`;

  /** A bridge of the host, which is in the VLAN of all, and a network that stands for it. */
  async function startNetwork(): Promise<void> {
    for (const line of ['add br9 type bridge vlan_filtering 1', 'set br9 up']) await here(`ip link ${line}`);
    await here('ip address add 10.96.0.254/24 dev br9');
    await world.client.networks.define({
      body: `<network><name>lan</name><forward mode='bridge'/><bridge name='br9'/>
        <portgroup name='red'><vlan><tag id='10'/></vlan></portgroup>
        <portgroup name='blue'><vlan><tag id='20'/></vlan></portgroup>
        <portgroup name='both'><vlan trunk='yes'><tag id='10' nativeMode='untagged'/><tag id='20'/></vlan></portgroup>
        <portgroup name='tags'><vlan trunk='yes'><tag id='20'/></vlan></portgroup></network>`,
    });
    await world.client.networks.start({ network: 'lan' });
  }

  test('members reach those of their VLAN, by their tags those of a trunk, and by no other tag anybody', async () => {
    await startNetwork();
    await run('red', link("portgroup='red'", 1));
    const more = (address: string) => `<ip address='${address}' prefix='24'/>`;
    await run('blue', link("portgroup='blue'", 2, more('10.96.20.2')));
    await run('both', link("portgroup='both'", 3));
    await run('plain', link('', 4));
    await run(
      'open',
      link("portgroup='red'", 5, '').replace('<interface', "<interface trustGuestRxFilters='yes'"),
    );
    await waitFor('a bridge that passes', () => reaches('red', '10.96.0.3'));
    assert.equal(await reached('red'), '135');
    assert.equal(await reached('blue'), '2');
    assert.equal(await reached('both'), '135');
    assert.equal(await reached('plain'), '4');
    assert.deepEqual(
      [await reaches('red', '10.96.0.254'), await reaches('plain', '10.96.0.254')],
      [false, true],
    );
    // The trunk's container is in the other VLAN by its tag, from its own hardware address.
    await world.shell('both', tagged(20, '10.96.20.3'));
    await waitFor('a way by a tag', () => reaches('both', '10.96.20.2'));
    await world.shell('both', 'ip link set eth0.20 address 52:54:00:96:00:99');
    assert.equal(await reaches('both', '10.96.20.2'), false);
    // Others are not, whoever looks at what they send: the wall, or the bridge alone.
    for (const name of ['red', 'open', 'plain']) {
      await world.shell(name, tagged(20, '10.96.20.9'));
      assert.equal(await reaches(name, '10.96.20.2'), false, name);
    }
    for (const [name, address] of [
      ['both', '10.96.30.3'],
      ['open', '10.96.30.5'],
    ] as const)
      await world.shell(name, tagged(30, address));
    assert.equal(await reaches('both', '10.96.30.5'), false);
  });

  test('a VLAN changes while the container runs, and stays whatever becomes of the link and the daemon', async () => {
    await startNetwork();
    await run('red', link("portgroup='red'", 1));
    await run('blue', link("portgroup='blue'", 2));
    await run('other', link("portgroup='red'", 3));
    await waitFor('a bridge that passes', () => reaches('red', '10.96.0.3'));
    const connection = await connect(`ctvirt+unix:///system?socket=${world.root}/run/libvirt-sock`);
    const other = await connection.domainLookupByName({ name: 'other' });
    const device = (more = '') => ({ xml: link("portgroup='red'", 3, more), flags: 1 });
    const isBlue = async () => assert.equal(await reached('other', ['1', '2', '3']), '23');
    const blue = "<vlan><tag id='20'/></vlan>";
    await other.updateDeviceFlags(device(blue));
    assert.match(await other.getXmlDesc({ flags: 0 }), /<tag id='20'\/>/);
    await isBlue();
    // Of a change that says nothing of it, it stays what it is.
    for (const state of ['down', 'up']) await other.updateDeviceFlags(device(`<link state='${state}'/>`));
    await waitFor('the link', () => reaches('other', '10.96.0.2'));
    await isBlue();
    await other.detachDeviceFlags(device());
    await other.attachDeviceFlags(device(blue));
    await waitFor('the link', () => reaches('other', '10.96.0.2'));
    await isBlue();
    await connection.close();
    await world.kill();
    await world.start();
    await isBlue();
  });

  test('on a bridge of the host a tag is refused until that keeps VLANs apart', async () => {
    await here('ip link add br9 type bridge');
    await here('ip link set br9 up');
    const own = (at: number, more: string) =>
      `<interface type='bridge'><source bridge='br9'/><ip address='10.96.0.${at}' prefix='24'/>${more}</interface>`;
    await assert.rejects(
      run('red', own(1, "<ip address='10.96.10.1' prefix='24'/><vlan><tag id='10'/></vlan>")),
      /ip link set dev br9 type bridge vlan_filtering 1/,
    );
    await here('ip link set dev br9 type bridge vlan_filtering 1');
    await world.client.domains.start({ domain: 'red' });
    await run('tags', own(2, "<vlan trunk='yes'><tag id='10'/></vlan>"));
    await run('plain', own(3, ''));
    await world.shell('tags', tagged(10, '10.96.10.2'));
    await waitFor('a way by a tag', () => reaches('tags', '10.96.10.1'));
    assert.deepEqual(
      [await reached('red', ['1', '2', '3']), await reached('plain', ['1', '2', '3'])],
      ['1', '3'],
    );
  });
});
