// virsh on networks here, beside virsh on libvirt's own network driver: each command does the same, and says the same.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientOptions, done } from '../world/client-program.js';
import { sameBut } from '../world/clients-compare.js';
import { networkRows, networkUuid } from '../world/clients-networks.js';
import { type Outcome, run } from '../world/command.js';
import { domainXml } from '../world/documents.js';
import { hasNetworkDriver, startNetworkLibvirtd } from '../world/lxc-libvirtd.js';
import { waitFor } from '../world/wait.js';
import { World } from '../world/world.js';

let world: World;
before(async () => {
  world = await World.open();
  // libvirt's driver is asked without the network that its package brings.
  const { active } = await world.client.networks.info({ network: 'default' });
  if (active) await world.client.networks.stop({ network: 'default' });
  await world.client.networks.undefine({ network: 'default' });
});
after(() => world.close());

const options = { ...clientOptions, env: { ...clientOptions.env, EDITOR: '/bin/true' } };

async function runTable(uri: string, folder: string): Promise<Outcome[]> {
  await mkdir(folder, { recursive: true });
  const file = `${folder}/input`;
  const outcomes: Outcome[] = [];
  for (const { command, input } of networkRows) {
    if (input !== undefined) await writeFile(file, input);
    const named: Readonly<Record<string, string>> = { FILE: file, UUID: networkUuid };
    const words = command.split(' ').map((word) => named[word] ?? word);
    const { stdout, stderr, ...rest } = await run(['virsh', '-c', uri, ...words], options);
    const told = (text: string): string => text.replaceAll(file, 'FILE');
    outcomes.push({ ...rest, stdout: told(stdout), stderr: told(stderr) });
  }
  return outcomes;
}

test('every virsh command of networks does what the table says', async () => {
  const outcomes = await runTable(world.uri('ctvirt'), `${world.host}/here`);
  for (const [at, { command, refused, anyStatus, prints }] of networkRows.entries()) {
    const { status, stdout = '', stderr = '' } = outcomes[at] ?? {};
    const said = `virsh ${command}\n${stdout}${stderr}`;
    if (anyStatus !== true) assert.equal(status === 0, refused === undefined, said);
    if (prints !== undefined) assert.match(stdout + stderr, prints, said);
  }
});

const skip = !hasNetworkDriver() && 'no network driver of libvirt is installed';
test("libvirt's own network driver does and says the same", { skip }, async (t) => {
  const folder = `${world.host}/there`;
  await mkdir(folder);
  await using libvirtd = startNetworkLibvirtd(folder);
  const ready = async () => (await run(['virsh', '-c', libvirtd.uri, 'uri'], options)).status === 0;
  await waitFor('libvirtd', ready);
  const there = await runTable(libvirtd.uri, `${folder}/files`);
  const here = await runTable(world.uri('ctvirt'), `${world.host}/here`);
  const surprising: string[] = [];
  for (const [at, { command, differs }] of networkRows.entries()) {
    const [ours, theirs] = [here[at], there[at]];
    if (ours === undefined || theirs === undefined) continue;
    const lines = sameBut(ours, theirs);
    const isKnown = differs !== undefined && lines.every((line) => differs.lines.test(line));
    if (lines.length > 0 && !isKnown) surprising.push([command, ...lines].join('\n  '));
    if (lines.length === 0 && differs !== undefined) surprising.push(`${command}: no longer differs`);
  }
  t.diagnostic(`${networkRows.length} commands`);
  assert.deepEqual(surprising, []);
});

test('libvirt-python: life, lookups, updates, events and error codes of networks', async () => {
  const script = fileURLToPath(new URL('../../src/world/clients-networks.py', import.meta.url));
  const uri = world.uri('ctvirt');
  const { stdout } = await done(['/usr/bin/python3', script, uri, networkUuid]);
  const network = 19; // VIR_FROM_NETWORK
  assert.deepEqual(JSON.parse(stdout), {
    lookups: ['py', 'py', 'py'],
    facts: [1, 1, 1],
    listed: ['py'],
    hosts: [1, 1],
    leases: [],
    ports: [],
    events: ['defined', 'started', 'stopped', 'undefined'].map((event) => ['py', event]),
    codes: {
      absent: [43, network],
      'absent by UUID': [43, network],
      'not active': [55, network],
      'no XML': [35, network],
      'no network': [27, network],
      active: [55, network],
      'no such part': [84, network],
      'no such port': [107, network],
      gone: [43, network],
    },
  });
});

test('a domain on a network, as virsh shows it', async () => {
  const virsh = async (...words: readonly string[]): Promise<string> =>
    (await done(['virsh', '-c', world.uri('ctvirt'), ...words])).stdout;
  const mac = '52:54:00:00:00:41';
  await world.client.networks.define({
    body: "<network><name>shown</name><ip address='10.79.0.1' prefix='24'><dhcp><range start='10.79.0.10' end='10.79.0.99'/></dhcp></ip></network>",
  });
  await world.client.networks.start({ network: 'shown' });
  const link = `<interface type='network'><mac address='${mac}'/><source network='shown'/></interface>`;
  await world.run(domainXml({ name: 'on', interfaces: [link] }));
  assert.match(await virsh('domiflist', 'on'), new RegExp(` network +shown +\\S+ +${mac}`));
  for (const source of ['lease', 'agent', 'arp'])
    assert.match(
      await virsh('domifaddr', 'on', '--source', source),
      new RegExp(`${mac} +ipv4 +10\\.79\\.0\\.\\d+/24`),
      source,
    );
  assert.match(
    await virsh('net-dhcp-leases', 'shown'),
    new RegExp(`${mac} +ipv4 +10\\.79\\.0\\.\\d+/24 +on `),
  );
  assert.match(await virsh('net-dumpxml', 'shown'), /<network connections='1'>/);
  const refused = await run(['virsh', '-c', world.uri('ctvirt'), 'net-undefine', 'shown'], options);
  assert.match(refused.stderr, /domain 'on' runs on network 'shown'/);
  assert.match((await world.cli(['dominfo', 'on'])).stdout, /Addresses: +10\.79\.0\./);
  await virsh('detach-interface', 'on', 'network', '--mac', mac, '--live');
  await virsh('attach-interface', 'on', 'network', 'shown', '--mac', mac, '--live');
  assert.match(await virsh('domiflist', 'on'), new RegExp(` network +shown +\\S+ +${mac}`));
  await world.erase('on');
  // Without one in the document: what the running link shows is in the stored document, too, and names it there.
  await world.run(
    domainXml({
      name: 'on',
      interfaces: ["<interface type='network'><source network='shown'/></interface>"],
    }),
  );
  const [own = ''] = /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/.exec(await virsh('domiflist', 'on')) ?? [];
  assert.match(await virsh('domiflist', 'on', '--inactive'), new RegExp(` network +shown +\\S+ +${own}`));
  await virsh('detach-interface', 'on', 'network', '--mac', own, '--config');
  assert.doesNotMatch(await virsh('domiflist', 'on', '--inactive'), /shown/);
  assert.match(await virsh('domiflist', 'on'), new RegExp(own));
  await world.erase('on');
  await world.client.networks.stop({ network: 'shown' });
  await world.client.networks.undefine({ network: 'shown' });
  await world.assertClean();
});
