// Connections that containers begin: as many of each as the settings say, where the host keeps a table of them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { domainXml } from '../world/documents.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  await world.stop();
  await mkdir(`${world.root}/etc`, { recursive: true });
  await writeFile(`${world.root}/etc/ctvirtd.conf`, 'link_connections = 40\n');
  await world.start();
});
afterEach(async () => {
  await world.eraseAll();
  await world.eraseNetworks();
  await world.assertClean();
});
after(() => world.close());

const flood = (name: string, to: string) =>
  world.shell(name, `for each in $(seq 100); do ping -c 1 -W 1 ${to} >/dev/null & done; wait; true`);
const kept = async (address: string) => {
  const table = await world.enclosure.output('cat', '/proc/net/nf_conntrack');
  return table.split('\n').filter((line) => line.includes(` src=${address} dst`)).length;
};
/** An account begins anew with its rules: where there are more, the log tells why those were loaded. */
const assertKept = async (address: string) => assert.equal(await kept(address), 40, world.log.slice(-3000));
const routed = (last: number) => `<interface type='ethernet'><ip address='10.98.2.${last}'/></interface>`;

test('a flood from a container leaves room for the others', async () => {
  // Nobody tracks connections: there is no table to be filled.
  await world.run(domainXml({ name: 'early', interfaces: [routed(1)] }));
  assert.doesNotMatch(await world.enclosure.output('nft', 'list', 'ruleset'), /\bct\b/);
  await world.client.networks.define({
    body: "<network><name>lan</name><forward mode='nat'/><ip address='10.98.1.1' prefix='24'/></network>",
  });
  await world.client.networks.start({ network: 'lan' });
  const member = (last: number) =>
    `<interface type='network'><source network='lan'/><ip address='10.98.1.${last}' prefix='24'/></interface>`;
  await world.run(domainXml({ name: 'member', interfaces: [member(5)] }));
  await flood('member', '10.98.1.1');
  await assertKept('10.98.1.5');
  // Each has an account of its own, and the next daemon keeps to the number.
  await world.kill();
  await world.start();
  await world.run(domainXml({ name: 'other', interfaces: [member(6), routed(6)] }));
  await flood('other', '10.98.1.1');
  await assertKept('10.98.1.6');
  // By a routed link too, where connections are tracked.
  await world.shell('other', 'ip route add 10.98.9.9 dev eth1');
  await world.enclosure.output('ip', 'address', 'add', '10.98.9.9/32', 'dev', 'lo');
  await flood('other', '10.98.9.9');
  await assertKept('10.98.2.6');
  await world.enclosure.output('ip', 'address', 'delete', '10.98.9.9/32', 'dev', 'lo');
});
