// Rates of networks as a whole and of their port groups, and what other programs' rules do to a network, told whenever somebody asks.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await world.assertClean();
});
after(() => world.close());

const lan = (more: string) =>
  `<network><name>lan</name>${more}<ip address='10.97.1.1' prefix='24'/></network>`;
const member = (name: string) =>
  domainXml({
    name,
    interfaces: [
      "<interface type='network'><source network='lan'/><ip address='10.97.1.5' prefix='24'/></interface>",
    ],
  });
const here = (...argv: string[]) => world.enclosure.output(...argv);

async function started(more: string): Promise<string> {
  await world.client.networks.define({ body: lan(more) });
  await world.client.networks.start({ network: 'lan' });
  return (await world.client.networks.info({ network: 'lan' })).bridge ?? assert.fail('no bridge');
}

/** The end on the host of the only member. */
const portOf = async (bridge: string) =>
  (await here('ip', '-o', 'link', 'show', 'master', bridge)).split(/[ :@]+/)[1] ?? '';

test("a network's rates are those of its bridge, whichever daemon comes", async () => {
  const bridge = await started("<bandwidth><inbound average='100'/></bandwidth>");
  const rates = () => here('tc', 'qdisc', 'show', 'dev', bridge);
  assert.match(await rates(), /tbf .*rate 800Kbit/);
  await world.run(member('one'));
  // 300 kB at 100 kB/s.
  const begun = performance.now();
  const answer = "printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; head -c 300000 /dev/zero";
  const serving = here('/bin/sh', '-c', `(${answer}) | timeout 20 busybox nc -l -p 5001 >/dev/null`);
  const get = 'until wget -q -O /got http://10.97.1.1:5001/; do sleep 0.1; done; wc -c </got';
  assert.equal(await world.shell('one', get), '300000');
  await serving;
  assert.ok(performance.now() - begun > 2000, 'the network was faster than it may be');
  await world.kill();
  await here('tc', 'qdisc', 'delete', 'dev', bridge, 'root');
  await world.start();
  assert.match(await rates(), /tbf .*rate 800Kbit/);
  const virsh = (...args: string[]) => here('virsh', '-c', world.uri('lxc'), ...args);
  assert.match(await virsh('net-dumpxml', 'lan'), /<inbound average='100'\/>/);
});

test('rates that say little, much, or what contradicts itself let packets through', async () => {
  await started('');
  const virsh = (...args: string[]) => here('virsh', '-c', world.uri('lxc'), ...args);
  const limited = (rates: string) =>
    member('one').replace('</interface>', `<bandwidth>${rates}</bandwidth></interface>`);
  await world.run(limited("<inbound average='500' peak='500' burst='1'/>"));
  const answer = "printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; head -c 300000 /dev/zero";
  const get = 'until wget -q -O /got http://10.97.1.1:5001/; do sleep 0.1; done; wc -c </got';
  const passes = async () => {
    const serving = here('/bin/sh', '-c', `(${answer}) | timeout 20 busybox nc -l -p 5001 >/dev/null`);
    assert.equal(await world.shell('one', get), '300000');
    await serving;
  };
  await passes();
  for (const inbound of ['500,100,4096', '4294967295,4294967295,4294967295']) {
    await virsh('domiftune', 'one', 'eth0', '--inbound', inbound, '--live');
    await passes();
  }
  // The stored document says neither what it is called nor its hardware address, by which clients know it.
  const [mac = ''] = /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/.exec(await virsh('domiflist', 'one')) ?? [];
  await virsh('domiftune', 'one', mac, '--inbound', '700', '--config');
  assert.match(await virsh('dumpxml', 'one', '--inactive'), /<inbound average='700'/);
  await world.client.domains.destroy({ domain: 'one' });
  await virsh('domiftune', 'one', 'eth0', '--inbound', '800');
  assert.match(await virsh('dumpxml', 'one'), /<inbound average='800'/);
});

test('a start that the next daemon finishes has the rates of its port group', async () => {
  const bridge = await started(
    "<portgroup name='slow' default='yes'><bandwidth><inbound average='125'/></bandwidth></portgroup>",
  );
  await world.run(member('one'));
  const port = await portOf(bridge);
  await world.kill();
  // As a daemon leaves it that is killed while liblxc starts the container.
  await writeFile(`${world.root}/run/domains/one/starting`, '');
  await here('tc', 'qdisc', 'delete', 'dev', port, 'root');
  await world.start();
  assert.match(await here('tc', 'qdisc', 'show', 'dev', port), /tbf .*rate 1Mbit/);
});

test("check tells of other programs' rules that drop what a network forwards", async () => {
  const remarks = async () => (await world.client.check.list()).remarks;
  const bridge = await started("<forward mode='nat'/>");
  assert.deepEqual(await remarks(), []);
  await here(
    'nft',
    'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }',
  );
  try {
    const [remark = '', ...more] = await remarks();
    assert.match(
      remark,
      new RegExp(`^network 'lan': iptables drops what ${bridge} forwards in its chain FORWARD`),
    );
    assert.deepEqual(more, []);
    const { stdout, stderr, status } = await world.cli(['check']);
    assert.match(stdout + stderr, new RegExp(`iptables drops what ${bridge} forwards`));
    assert.equal(status, 0);
  } finally {
    await here('nft', 'delete table ip filter');
  }
});
