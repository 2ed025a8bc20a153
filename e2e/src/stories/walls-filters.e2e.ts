// Network filters on the kernel: what a hostile container says is heard by a neighbour only where its filter lets it through.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { run } from '../world/command.js';
import { domainXml, templateRoot } from '../world/documents.js';
import { type FrameKind, framesToSend, heardKinds, senderMac } from '../world/frame-kinds.js';
import { Rogue } from '../world/rogue.js';
import { answers, guidanceNames, honestNames, said, spoofNames } from '../world/spoofs.js';
import { waitFor } from '../world/wait.js';
import { refused, World } from '../world/world.js';

let world: World;
let rogue: Rogue;
let turns = 0;
const ip = (...args: string[]) => world.enclosure.output('ip', ...args);
const inLan = (...words: string[]) => world.enclosure.argv('ip', 'netns', 'exec', 'lan', ...words);
before(async () => {
  world = await World.open();
  rogue = await Rogue.in(world.host);
});
beforeEach(async () => {
  await ip('link', 'add', 'br-e2e', 'address', '02:00:00:00:00:01', 'type', 'bridge');
  await ip('link', 'set', 'br-e2e', 'up');
  await ip('netns', 'add', 'lan');
  await ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'lan');
  await ip('link', 'set', 'lan0', 'master', 'br-e2e', 'up');
  assert.equal((await run(inLan('ip', 'link', 'set', 'eth0', 'up'))).status, 0);
});
afterEach(async () => {
  await world.eraseAll();
  for (const { name, shipped } of await world.client.filters.list())
    if (!shipped) await world.client.filters.undefine({ filter: name });
  await ip('link', 'delete', 'br-e2e');
  await ip('netns', 'delete', 'lan');
  await world.clear();
});
after(() => world.close());

const ref = (name: string, parameters: Readonly<Record<string, string>> = {}): string =>
  `<filterref filter='${name}'>${Object.entries(parameters)
    .map(([key, value]) => `<parameter name='${key}' value='${value}'/>`)
    .join('')}</filterref>`;
const link = (more = '', mac = senderMac, last = 66) =>
  `<interface type='bridge'><mac address='${mac}'/><source bridge='br-e2e'/>
  <ip address='10.77.0.${last}' prefix='24'/><ip address='2001:db8:77::${last}' family='ipv6' prefix='64'/>${more}</interface>`;
const domain = (name: string, ...interfaces: readonly string[]) =>
  domainXml({ name, interfaces, filesystems: [templateRoot, rogue.filesystem] });
const define = (xml: string) => world.client.filters.define({ body: xml });

const says = async (name: string, kinds: readonly FrameKind[]) => {
  const argv = rogue.inside('raw', { raw: framesToSend(kinds), leave: 1 });
  const { status, stderr } = await world.exec(name, ...argv);
  assert.equal(status, 0, stderr);
};
/** What a machine of the network hears of all that a container says. */
const heardOf = async (name: string): Promise<string[]> =>
  await heardKinds(inLan, `${world.host}/ready-${++turns}`, () => says(name, said), said);
const without = (...names: readonly string[]): string[] =>
  said.map(({ name }) => name).filter((name) => !names.includes(name));

const noMail =
  "<filter name='no-mail' chain='ipv4'><rule action='drop' direction='out'><tcp dstportstart='25'/></rule></filter>";
const server =
  "<filter name='serves'><rule action='accept' direction='out'><udp srcportstart='67' dstportstart='68'/></rule></filter>";
const router =
  "<filter name='leads'><rule action='accept' direction='out'><icmpv6 type='134'/></rule><rule action='drop' direction='out'><tcp dstportstart='25'/></rule></filter>";

test('each way to speak in another’s name: by default, and with filters', async () => {
  for (const xml of [noMail, server, router]) await define(xml);
  const clean = without(...spoofNames, ...guidanceNames);
  const cases: readonly (readonly [name: string, more: string, heard: readonly string[]])[] = [
    ['default', '', honestNames],
    ['clean', ref('clean-traffic'), clean.filter((name) => name !== 'own IPv6')],
    ['arp', ref('no-arp-spoofing'), without('ARP of an address', 'ARP of a MAC', ...guidanceNames)],
    ['mac', ref('no-mac-spoofing'), without('MAC', ...guidanceNames)],
    ['ip', ref('no-ip-spoofing'), without('IPv4', ...guidanceNames)],
    // libvirt's: for who asks a server, and lets through what he is answered.
    ['asks', ref('allow-dhcp-server', { DHCPSERVER: '10.77.0.2' }), honestNames],
    ['serves', ref('serves'), without(...spoofNames, ...guidanceNames.filter((name) => name !== 'DHCP'))],
    ['mails', ref('no-mail'), without('mail', ...guidanceNames)],
    ['leads', ref('leads'), without('mail', ...guidanceNames.filter((name) => !name.startsWith('RA')))],
    // What is given goes before what the document has.
    ['given', ref('clean-traffic', { IP: '10.77.0.1' }), ['IPv4', 'ARP of an address']],
  ];
  for (const [name, more, heard] of cases) {
    await world.run(domain(name, link(more)));
    const kinds = name === 'given' ? [...said, ...said.filter((one) => one.name === 'IPv4')] : said;
    const found = await heardKinds(inLan, `${world.host}/ready-${++turns}`, () => says(name, kinds), kinds);
    assert.deepEqual([...new Set(found)], heard, name);
    await world.erase(name);
  }
});

test('what is sent to a container passes its filter, too', async () => {
  await define(
    `<filter name='asks'><filterref filter='allow-dhcp-server'/><rule action='drop' direction='in' priority='900'/></filter>`,
  );
  await world.run(domain('client', link(ref('asks', { DHCPSERVER: '10.77.0.2' }))));
  const { initPid } = await world.client.domains.info({ domain: 'client' });
  const inside = (...words: string[]) =>
    world.enclosure.argv('nsenter', `--net=/proc/${initPid}/ns/net`, '--', ...words);
  const send = async (): Promise<void> => {
    const argv = rogue.onHost('raw', { raw: framesToSend(answers), leave: 1 });
    assert.equal((await run(inLan(...argv))).status, 0);
  };
  const heard = await heardKinds(inside, `${world.host}/ready-${++turns}`, send, answers);
  assert.deepEqual(heard, ['answer of the server']);
});

test('a filter changes under what runs with it: a new one of its name, another in its place, with the daemon killed', async () => {
  await world.run(domain('a', link()));
  const uri = world.uri('ctvirt');
  const virsh = async (...words: string[]) => {
    const { status, stderr } = await run(['virsh', '-c', uri, ...words]);
    assert.equal(status, 0, stderr);
  };
  const device = async (command: string, more: string, mac = senderMac, last = 66) => {
    const file = `${world.host}/device.xml`;
    await writeFile(file, link(more, mac, last));
    await virsh(command, 'a', file, '--live');
  };
  await define(noMail);
  assert.deepEqual(await heardOf('a'), honestNames);
  await device('update-device', ref('no-mail'));
  assert.deepEqual(await heardOf('a'), without('mail', ...guidanceNames));
  const { message } = await refused('in-use', world.client.filters.undefine({ filter: 'no-mail' }));
  assert.match(message, /domain 'a' names filter 'no-mail'/);
  await define(noMail.replace("'25'", "'80'"));
  assert.deepEqual(await heardOf('a'), without('web', ...guidanceNames));
  await refused('not-found', define(noMail.replace('<rule', "<filterref filter='none'/><rule")));
  assert.deepEqual(await heardOf('a'), without('web', ...guidanceNames), 'as it was');
  await world.kill();
  await world.start();
  assert.deepEqual(await heardOf('a'), without('web', ...guidanceNames), 'with the next');
  assert.deepEqual(
    (await world.client.filters.bindings()).map(({ domain: name, filter, mac }) => ({ name, filter, mac })),
    [{ name: 'a', filter: 'no-mail', mac: senderMac }],
  );
  const rules = () => world.enclosure.output('nft', '-s', 'list', 'ruleset');
  await world.enclosure.output('nft', 'flush', 'ruleset');
  await waitFor('the rules to be back', async () => /vmap @frames_out/.test(await rules()));
  assert.deepEqual(await heardOf('a'), without('web', ...guidanceNames), 'put back');
  await device('update-device', '');
  assert.deepEqual(await heardOf('a'), honestNames);
  await world.client.filters.undefine({ filter: 'no-mail' });
  await device('attach-device', ref('clean-traffic'), '52:54:00:77:77:67', 67);
  assert.match(await rules(), /goto f\w+_frames_out/);
  await device('detach-device', ref('clean-traffic'), '52:54:00:77:77:67', 67);
  assert.doesNotMatch(await rules(), /: goto/);
});

test('a domain with a filter that there is not does not start, nor does one without a value that it needs', async () => {
  const { findings } = await world.define(domain('a', link(ref('none'))));
  assert.match(JSON.stringify(findings), /no-filter.*no network filter 'none'/);
  await refused('not-found', world.client.domains.start({ domain: 'a' }));
  await world.define(domain('b', link(ref('allow-dhcp-server'), '52:54:00:77:77:67', 67)));
  const { message } = await refused('invalid', world.client.domains.start({ domain: 'b' }));
  assert.match(message, /needs a value for \$DHCPSERVER/);
});

test('an address that a network gave is a value of the filter, too', async () => {
  const { networks } = world.client;
  const subnet =
    "<ip address='10.78.0.1' prefix='24'><dhcp><range start='10.78.0.2' end='10.78.0.9'/></dhcp></ip>";
  await networks.define({ body: `<network><name>lan</name>${subnet}</network>` });
  await networks.start({ network: 'lan' });
  const ofLan = `<interface type='network'><source network='lan'/>${ref('clean-traffic')}</interface>`;
  await world.run(domain('a', ofLan));
  const pings = async (...from: string[]): Promise<boolean> =>
    (await world.exec('a', 'ping', '-c', '1', '-W', '1', ...from, '10.78.0.1')).status === 0;
  assert.equal(await pings(), true);
  await world.shell('a', 'ip address add 10.78.0.8/24 dev eth0');
  assert.equal(await pings('-I', '10.78.0.8'), false);
  await world.erase('a');
  await networks.stop({ network: 'lan' });
  await networks.undefine({ network: 'lan' });
});

test('isolated ports reach what is not isolated, and not each other', async () => {
  const isolated = "<port isolated='yes'/>";
  await world.run(domain('a', link(isolated)));
  await world.run(domain('b', link(isolated, '52:54:00:77:77:67', 67)));
  await world.run(domain('c', link('', '52:54:00:77:77:68', 68)));
  const reaches = async (from: string, last: number): Promise<boolean> =>
    (await world.exec(from, 'ping', '-c', '1', '-W', '1', `10.77.0.${last}`)).status === 0;
  assert.deepEqual(
    [await reaches('a', 67), await reaches('a', 68), await reaches('c', 66), await reaches('c', 67)],
    [false, true, true, true],
  );
});

test('isolated ports do not reach each other by way of their gateway either', async () => {
  const { networks } = world.client;
  const ips =
    "<ip address='10.78.0.1' prefix='24'><dhcp><range start='10.78.0.2' end='10.78.0.9'/></dhcp></ip>" +
    "<ip family='ipv6' address='fd00:78::1' prefix='64'><dhcp><range start='fd00:78::2' end='fd00:78::9'/></dhcp></ip>";
  await networks.define({ body: `<network><name>lan</name><forward mode='nat'/>${ips}</network>` });
  await networks.start({ network: 'lan' });
  const ofLan = (more = '') => `<interface type='network'><source network='lan'/>${more}</interface>`;
  const isolated = "<port isolated='yes'/>";
  await world.run(domain('a', ofLan(isolated)));
  await world.run(domain('b', ofLan(isolated)));
  await world.run(domain('c', ofLan()));
  const numbers: Readonly<Record<string, number>> = { a: 2, b: 3, c: 4 };
  const others = (name: string) => Object.entries(numbers).filter(([other]) => other !== name);
  for (const name of Object.keys(numbers))
    for (const [, last] of others(name))
      await world.shell(
        name,
        `ip route add 10.78.0.${last} via 10.78.0.1; ip -6 route add fd00:78::${last} via fd00:78::1`,
      );
  const reached = async (name: string): Promise<string[]> => {
    const found: string[] = [];
    for (const [other, last] of others(name))
      for (const address of [`10.78.0.${last}`, `fd00:78::${last}`])
        if ((await world.exec(name, 'ping', '-c', '1', '-W', '1', address)).status === 0) found.push(other);
    return found;
  };
  assert.deepEqual(await reached('a'), ['c', 'c']);
  assert.deepEqual(await reached('c'), ['a', 'a', 'b', 'b']);
  for (const address of ['10.78.0.1', 'fd00:78::1'])
    assert.equal((await world.exec('a', 'ping', '-c', '1', '-W', '3', address)).status, 0);
  await world.erase('a', 'b', 'c');
  await networks.stop({ network: 'lan' });
  await networks.undefine({ network: 'lan' });
});
