// Domains on networks, over a host and a driver in memory: addresses from define on, a bridge while they run.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Domain, parseDomain } from '@ctvirt/xml';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { MemoryNetworkHost } from '../drivers/memory/networks.js';
import { isFault } from '../errors.js';
import { planOf } from '../lifecycle/document.js';
import { withInterfaces } from '../lifecycle/edit.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvl'));
chmodSync(root, 0o755);
const files = join(root, 'files');
mkdirSync(files, { mode: 0o700 });
after(() => rmSync(root, { recursive: true }));

async function daemon(name: string, host = new MemoryNetworkHost(), known?: MemoryDriver) {
  const layout = layoutOf(join(root, name));
  const driver = known ?? new MemoryDriver({ documentPath: documentPathIn(layout) });
  const { engine, parts } = await openMemoryEngine(layout, driver, undefined, host);
  const plan = (domain: string) => {
    const entry = parts.registry.find(domain);
    return planOf(driver.run(domain).domain, entry.record, { pageSize: 4096, hostCpus: 2 });
  };
  const members = (network: string) =>
    (host.running.get(network)?.members ?? []).map(({ names, addresses, isReserved }) =>
      [names.join(), addresses.join(), isReserved ? 'reserved' : 'own'].join(' '),
    );
  return { engine, networks: engine.networks, parts, host, driver, plan, members };
}

const fails = (code: Parameters<typeof isFault>[1], what: RegExp) => (error: unknown) =>
  isFault(error, code) && what.test(error.message);

const link = (more = '', network = 'lan'): string =>
  `<interface type='network'><source network='${network}'/>${more}</interface>`;
const xmlOf = (name: string, links: string, more = ''): string =>
  `<domain type='lxc'><name>${name}</name>${more}<memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  `<devices><filesystem type='mount'><source dir='${files}'/><target dir='/'/></filesystem>${links}</devices></domain>`;
const networkXml = (name: string, third: number, dhcp: string, more = "<forward mode='nat'/>"): string =>
  `<network><name>${name}</name>${more}<ip address='10.0.${third}.1' prefix='24'><dhcp>${dhcp}</dhcp></ip></network>`;
const range = (third: number, from = 2, to = 254) =>
  `<range start='10.0.${third}.${from}' end='10.0.${third}.${to}'/>`;

test('a link gets its address at define, and its bridge at start', options, async () => {
  const { engine, networks, plan, members, host } = await daemon('address');
  const lan = networkXml('lan', 1, `${range(1)}<host mac='52:54:00:00:00:09' ip='10.0.1.9'/>`).replace(
    '<ip ',
    "<mtu size='1400'/><domain name='lan.example'/><ip ",
  );
  await networks.define(lan);
  const { domain, findings } = await engine.define(xmlOf('a', link()));
  assert.deepEqual(findings, []);
  assert.deepEqual(domain.addresses, ['10.0.1.2']);
  await engine.define(xmlOf('b', link("<mac address='52:54:00:00:00:09'/>")));
  await engine.define(xmlOf('c', link()));
  await engine.define(xmlOf('d', link("<ip address='10.0.1.77' prefix='24'/>")));
  assert.deepEqual(
    engine.list().map(({ addresses }) => addresses.join()),
    ['10.0.1.2', '10.0.1.9', '10.0.1.3', '10.0.1.77'],
  );
  await assert.rejects(
    engine.start('a'),
    fails('wrong-state', /domain 'a' cannot start: network 'lan' does not run: `ctvirt network start lan`/),
  );
  await networks.start('lan');
  assert.deepEqual(members('lan'), [' 10.0.1.2 reserved', ' 10.0.1.9 reserved', ' 10.0.1.3 reserved']);
  await engine.start('a');
  await engine.start('d');
  assert.match(await engine.xml('a'), /<source network='lan' bridge='virbr0'\/>/);
  assert.doesNotMatch(await engine.xml('a', { inactive: true }), /virbr0/);
  // The document of a run, defined: where that was is not the next one's place.
  await engine.define((await engine.xml('a')).replace(/ id='\d+'/, ''));
  assert.doesNotMatch(await engine.xml('a', { inactive: true }), /virbr0/);
  assert.deepEqual(engine.summary('a').addresses, ['10.0.1.2']);
  const { links, guestFiles } = plan('a');
  assert.deepEqual(
    links.map(({ kind, mtu, parent, addresses, gateways }) => ({ kind, mtu, parent, addresses, gateways })),
    [
      {
        kind: 'bridge',
        mtu: 1400,
        parent: 'virbr0',
        addresses: [{ address: '10.0.1.2', prefix: 24, family: 4, isKept: true }],
        gateways: [{ address: '10.0.1.1', family: 4 }],
      },
    ],
  );
  const resolv = guestFiles.find(({ name }) => name === 'resolv.conf');
  assert.equal(
    resolv?.text({ present: 'missing', made: 'missing', beside: () => 'missing' }),
    'search lan.example\nnameserver 10.0.1.1\n',
  );
  assert.deepEqual(members('lan'), [
    'a 10.0.1.2 reserved',
    ' 10.0.1.9 reserved',
    ' 10.0.1.3 reserved',
    'd 10.0.1.77 own',
  ]);
  assert.equal(networks.get('lan').members, 2);
  assert.match(await networks.xml('lan'), /connections='2'/);
  host.held.set('lan', [
    {
      mac: '52:54:00:aa:aa:aa',
      address: '10.0.1.4',
      family: 4,
      hostname: 'x',
      clientId: undefined,
      iaid: undefined,
      expires: 0,
    },
  ]);
  assert.deepEqual(
    (await networks.leases('lan')).map(({ address, hostname, domain: of }) => [address, hostname, of]),
    [
      ['10.0.1.2', 'a', 'a'],
      ['10.0.1.4', 'x', null],
    ],
  );
  // What a stranger has is given to nobody else.
  assert.deepEqual((await engine.define(xmlOf('e', link()))).domain.addresses, ['10.0.1.5']);
  await assert.rejects(
    networks.undefine('lan'),
    fails('in-use', /domain 'a' and 1 more run on network 'lan'/),
  );
  await engine.destroy('a');
  assert.equal(members('lan')[0], ' 10.0.1.2 reserved');
  await engine.undefine('a');
  assert.equal(members('lan').length, 4);
  assert.deepEqual((await engine.define(xmlOf('f', link()))).domain.addresses, ['10.0.1.2']);
});

test('what a network cannot give is refused in one sentence', options, async () => {
  const { engine, networks } = await daemon('refused');
  await networks.define(networkXml('lan', 1, range(1, 2, 3)));
  await engine.define(xmlOf('a', link("<mac address='52:54:00:00:00:01'/>")));
  await assert.rejects(
    engine.define(xmlOf('twin', link("<mac address='52:54:00:00:00:01'/>"))),
    fails('exists', /domain 'a' has the hardware address 52:54:00:00:00:01 on network 'lan'/),
  );
  await assert.rejects(
    engine.define(xmlOf('two', link() + link() + link())),
    fails('no-space', /network 'lan' has no address left of 10\.0\.1\.2 to 10\.0\.1\.3/),
  );
  assert.equal(engine.find({ name: 'two' }), undefined);
  const { findings } = await engine.define(xmlOf('missing', link('', 'none')));
  assert.deepEqual(
    findings.map(({ code, severity, path }) => [code, severity, path]),
    [['no-network', 'warning', '/domain/devices/interface[1]/source/@network']],
  );
  await assert.rejects(
    engine.start('missing'),
    fails('not-found', /no network 'none'.*`ctvirt network start none`/),
  );
  // Once it is there it is as if it had been.
  await networks.create(networkXml('none', 2, range(2)));
  await engine.start('missing');
  assert.deepEqual(engine.summary('missing').addresses, ['10.0.2.2']);
});

test('a bridge of the host is meant where no network is', options, async () => {
  const { engine, host, plan } = await daemon('bridge');
  host.links.add('lan');
  const { findings, domain } = await engine.define(xmlOf('a', link()));
  assert.deepEqual([findings, domain.addresses], [[], []]);
  await engine.start('a');
  assert.equal(plan('a').links[0]?.parent, 'lan');
});

test('two definitions at once get two addresses, and a link keeps its own', options, async () => {
  const { engine, networks } = await daemon('many');
  await networks.create(networkXml('lan', 1, range(1)));
  const names = Array.from({ length: 20 }, (_, at) => `d${at}`);
  const all = await Promise.all(names.map((name) => engine.define(xmlOf(name, link()))));
  assert.equal(new Set(all.map(({ domain }) => domain.addresses.join())).size, 20);
  const before = engine.summary('d7').addresses;
  await engine.undefine('d0');
  assert.deepEqual((await engine.define(xmlOf('d7', link(), '<title>t</title>'))).domain.addresses, before);
  await engine.start('d7');
  await engine.destroy('d7');
  await engine.start('d7');
  assert.deepEqual(engine.summary('d7').addresses, before);
  await engine.create(xmlOf('gone', link()));
  const { addresses } = engine.summary('gone');
  await engine.destroy('gone');
  assert.deepEqual((await engine.define(xmlOf('next', link()))).domain.addresses, addresses);
});

test('a network that has another subnet by the start gives another address', options, async () => {
  const { engine, networks } = await daemon('moved');
  await networks.define(networkXml('lan', 1, range(1)));
  await engine.define(xmlOf('a', link()));
  await networks.define(networkXml('lan', 2, range(2)));
  assert.deepEqual(engine.summary('a').addresses, ['10.0.1.2']);
  await networks.start('lan');
  await engine.start('a');
  assert.deepEqual(engine.summary('a').addresses, ['10.0.2.2']);
});

test('a link that comes live has an address, and the next daemon knows', options, async () => {
  const first = await daemon('live');
  const { engine, networks, host, driver } = first;
  await networks.define(networkXml('lan', 1, range(1)));
  await networks.create(networkXml('dmz', 2, range(2), ''));
  await networks.start('lan');
  await engine.define(xmlOf('a', link()));
  await engine.start('a');
  const attach = (stored: boolean) =>
    engine.amend('a', { live: true, stored }, (domain) => ({
      ...domain,
      devices: {
        ...domain.devices,
        interfaces: [
          ...(domain.devices.interfaces ?? []),
          { type: 'network', source: { network: 'dmz' }, mac: { address: '52:54:00:00:00:02' } },
        ],
      },
    }));
  driver.changeFault = new Error('no');
  await assert.rejects(attach(false), /no/);
  assert.deepEqual([engine.summary('a').addresses, first.members('dmz')], [['10.0.1.2'], []]);
  await attach(false);
  assert.deepEqual(engine.summary('a').addresses, ['10.0.1.2', '10.0.2.2']);
  assert.match(await engine.xml('a'), /<source network='dmz' bridge='virbr1'\/>/);
  // Of an isolated network nobody is the way out.
  assert.deepEqual(first.plan('a').links[1]?.gateways, []);
  assert.deepEqual(first.members('dmz'), ['a 10.0.2.2 reserved']);
  const next = await daemon('live', host, driver);
  assert.deepEqual(next.engine.summary('a').addresses, ['10.0.1.2', '10.0.2.2']);
  assert.deepEqual(
    next.plan('a').links.map(({ addresses }) => addresses[0]?.address),
    ['10.0.1.2', '10.0.2.2'],
  );
  await assert.rejects(next.networks.undefine('lan'), fails('in-use', /domain 'a' runs/));
  await next.engine.amend('a', { live: true, stored: false }, (domain) => ({
    ...domain,
    devices: { ...domain.devices, interfaces: (domain.devices.interfaces ?? []).slice(0, 1) },
  }));
  assert.deepEqual([next.engine.summary('a').addresses, next.members('dmz')], [['10.0.1.2'], []]);
  assert.deepEqual((await next.engine.define(xmlOf('b', link('', 'dmz')))).domain.addresses, ['10.0.2.2']);
});

test('both families are given, and what the document says of one is all it has of it', options, async () => {
  const { engine, networks, plan } = await daemon('families');
  await networks.create(
    "<network><name>lan</name><forward mode='nat'/><ip address='10.0.1.1' prefix='24'><dhcp><range start='10.0.1.2' end='10.0.1.9'/></dhcp></ip>" +
      "<ip family='ipv6' address='fd00:1::1' prefix='64'><dhcp><range start='fd00:1::10' end='fd00:1::20'/></dhcp></ip></network>",
  );
  const both = await engine.define(xmlOf('a', link()));
  assert.deepEqual(both.domain.addresses, ['10.0.1.2', 'fd00:1::10']);
  const one = await engine.define(xmlOf('b', link("<ip address='10.0.1.200' prefix='24'/>")));
  assert.deepEqual(one.domain.addresses, ['10.0.1.200', 'fd00:1::11']);
  await engine.start('b');
  assert.deepEqual(plan('b').links[0]?.gateways, [{ address: 'fd00:1::1', family: 6 }]);
  await engine.define(xmlOf('c', link() + link()));
  await engine.start('c');
  assert.deepEqual(
    plan('c').links.map(({ gateways }) => gateways.map(({ address }) => address)),
    [['10.0.1.1', 'fd00:1::1'], []],
  );
});

test('VLANs are those of the link, else of its port group, else of its network', options, async () => {
  const { engine, networks, host, plan } = await daemon('vlans');
  const vlan = (id: number): string => `<vlan><tag id='${id}'/></vlan>`;
  host.links.add('br7');
  const lan = (name: string, id: number): string =>
    `<network><name>${name}</name><forward mode='bridge'/><bridge name='br7'/>${vlan(id)}<portgroup name='red'>${vlan(10)}</portgroup></network>`;
  await networks.create(lan('lan', 1));
  await networks.create("<network><name>flat</name><ip address='10.0.2.1' prefix='24'/></network>");
  const red = "<interface type='network'><source network='lan' portgroup='red'/>";
  await engine.define(xmlOf('a', `${link()}${red}</interface>${red}${vlan(20)}</interface>`));
  await engine.start('a');
  assert.deepEqual(
    plan('a').links.map(({ tags }) => tags?.native),
    [1, 10, 20],
  );
  const { findings } = await engine.define(xmlOf('b', link(vlan(30), 'flat')));
  const refusal = /VLANs are for networks on a bridge of the host's.*'flat' is not/;
  assert.deepEqual(
    findings.map(({ path, message }) => [path, refusal.test(message)]),
    [['/domain/devices/interface[1]/vlan', true]],
  );
  await assert.rejects(engine.start('b'), fails('unsupported', refusal));
  for (const id of [0, 4095]) {
    await assert.rejects(networks.define(lan('lan', id)), fails('unsupported', /no VLAN/));
    await assert.rejects(engine.define(xmlOf('odd', link(vlan(id)))), fails('unsupported', /no VLAN/));
  }
});

test('networks on what the host has, and port groups', options, async () => {
  const { engine, networks, host, plan } = await daemon('host');
  for (const name of ['br7', 'eth7', 'eth8']) host.links.add(name);
  await networks.create(
    "<network><name>br</name><forward mode='bridge'/><bridge name='br7'/><port isolated='yes'/>" +
      "<portgroup name='slow' default='yes'><bandwidth><inbound average='100'/></bandwidth></portgroup><portgroup name='fast'/></network>",
  );
  await networks.create(
    "<network><name>mac</name><forward mode='passthrough'><interface dev='eth7'/><interface dev='eth8'/></forward></network>",
  );
  await engine.define(
    xmlOf(
      'a',
      `${link('', 'br')}<interface type='network'><source network='br' portgroup='fast'/></interface>`,
    ),
  );
  const { findings } = await engine.define(
    xmlOf('b', "<interface type='network'><source network='br' portgroup='none'/></interface>"),
  );
  assert.deepEqual(
    findings.map(({ message }) => message),
    ["'br' has no port group 'none'"],
  );
  await engine.start('a');
  assert.deepEqual(
    plan('a').links.map(({ parent, rates, isIsolated }) => [parent, rates.inbound?.averageBytes, isIsolated]),
    [
      ['br7', 100_000, true],
      ['br7', undefined, true],
    ],
  );
  for (const name of ['m1', 'm2', 'm3']) await engine.define(xmlOf(name, link('', 'mac')));
  await engine.start('m1');
  await engine.start('m2');
  assert.deepEqual(
    ['m1', 'm2'].map((name) => {
      const { kind, parent, macvlanMode } = plan(name).links[0] ?? {};
      return [kind, parent, macvlanMode];
    }),
    [
      ['macvlan', 'eth7', 'passthru'],
      ['macvlan', 'eth8', 'passthru'],
    ],
  );
  await assert.rejects(engine.start('m3'), fails('in-use', /each link of the host/));
  await engine.destroy('m1');
  await engine.start('m3');
});

test('links are plugged in again when their network starts', options, async () => {
  const { engine, networks, host } = await daemon('plug');
  await networks.define(networkXml('lan', 1, range(1)));
  await networks.start('lan');
  await engine.define(xmlOf('a', link()));
  await engine.start('a');
  await networks.stop('lan');
  assert.deepEqual([...host.plugged], []);
  // What is there stays there, and can be changed.
  await engine.amend('a', { live: true, stored: false }, (domain) => ({
    ...domain,
    devices: {
      ...domain.devices,
      interfaces: domain.devices.interfaces?.map((one) => ({
        ...one,
        bandwidth: { inbound: { average: 7 } },
      })),
    },
  }));
  assert.match(await engine.xml('a'), /<source network='lan' bridge='virbr0'\/>\s*<bandwidth>/);
  assert.equal(networks.get('lan').members, 1);
  await networks.start('lan');
  assert.deepEqual([...host.plugged.values()], ['virbr0']);
  await networks.stop('lan');
  await networks.define(networkXml('lan', 1, range(1), "<forward mode='nat'/><bridge name='other0'/>"));
  await assert.rejects(
    networks.start('lan'),
    fails('in-use', /domain 'a' runs on network 'lan' as it was on virbr0/),
  );
});

test(
  'a card is found at its place at start, and stands in the document of that run alone',
  options,
  async () => {
    const { engine, host, plan, parts } = await daemon('cards');
    const card = (bus: string, more = ''): string =>
      `<interface type='hostdev' managed='yes'><source><address type='pci' bus='${bus}' slot='0' function='0x1'/></source>${more}</interface>`;
    await engine.define(xmlOf('a', card('3', "<mtu size='9000'/>")));
    await assert.rejects(engine.start('a'), fails('not-found', /no card at 0000:03:00\.1/));
    host.cards.set('0000:03:00.1', { name: 'enp3s0f1', mac: '02:00:00:00:03:01' });
    host.cards.set('0000:0a:00.1', { name: 'enp10s0f1', mac: '02:00:00:00:0a:01' });
    await engine.start('a');
    assert.match(await engine.xml('a'), /<source dev='enp3s0f1'>/);
    assert.match(await engine.xml('a'), /<mac address='02:00:00:00:03:01'\/>/);
    assert.doesNotMatch(await engine.xml('a', { inactive: true }), /enp3s0f1|<mac/);
    assert.deepEqual(
      plan('a').lent.map(({ name, host: own, mac, mtu }) => [name, own, mac, mtu]),
      [['eth0', 'enp3s0f1', '02:00:00:00:03:01', 9000]],
    );
    // While it is the container's the host does not show it.
    host.cards.delete('0000:03:00.1');
    const add = (domain: Domain): Domain => {
      const { domain: other } = parseDomain(xmlOf('b', card('0xa', "<mac address='52:54:00:00:00:07'/>")));
      const more = other?.devices.interfaces ?? [];
      return withInterfaces(domain, [...(domain.devices.interfaces ?? []), ...more]);
    };
    await engine.amend('a', { live: true, stored: true }, add);
    assert.deepEqual(
      plan('a').lent.map(({ name, host: own, mac }) => [name, own, mac]),
      [
        ['eth0', 'enp3s0f1', '02:00:00:00:03:01'],
        ['eth1', 'enp10s0f1', '52:54:00:00:00:07'],
      ],
    );
    const stored = await engine.xml('a', { inactive: true });
    assert.doesNotMatch(stored, /enp/);
    await parts.queue.idle();
    for (const [two, why] of [
      [card('3') + card('0x03'), /two interfaces are the card at 0000:03:00\.1/],
      [card('0x100'), /a PCI device has no bus 0x100/],
      [card('x'), /a PCI device has no bus x/],
    ] as const)
      await assert.rejects(engine.define(xmlOf('c', two)), fails('invalid', why));
    const usb = card('3').replace("type='pci'", "type='usb'");
    await assert.rejects(engine.define(xmlOf('c', usb)), fails('unsupported', /by its name/));
  },
);
