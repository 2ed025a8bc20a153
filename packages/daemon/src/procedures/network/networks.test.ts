// libvirt's procedures on networks over the wire, by our own client: what they do, and their refusals by code and words.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, features } from '@ctvirt/rpc';
import { networkXml, sampleXml } from '../../testing/memory-engine.js';
import { libvirtErrorOf, serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

const command = { modify: 1, delete: 2, addLast: 3, addFirst: 4 } as const;
const section = { bridge: 1, ipDhcpHost: 4, dnsTxt: 11 } as const;
const affect = { current: 0, live: 1, config: 2 } as const;

test('a network is listed, found and named by its state', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  const temporary = await connection.networkCreateXml({ xml: networkXml('try') });
  const names = async (flags: number): Promise<string[]> =>
    (await connection.listAllNetworks({ needResults: 1, flags })).map(({ name }) => name);
  assert.deepEqual(await names(0), ['lan', 'try']);
  assert.deepEqual([await names(1), await names(2)], [['lan'], ['try']]);
  assert.deepEqual([await names(4), await names(8)], [['lan'], ['try']]);
  await lan.setAutostart({ autostart: 1 });
  assert.deepEqual([await names(16), await names(32)], [['lan'], ['try']]);
  assert.equal(await connection.numOfNetworks(), 1);
  assert.deepEqual(await connection.listDefinedNetworks({ maxnames: 10 }), ['lan']);
  assert.equal((await connection.networkLookupByName({ name: 'try' })).uuid, temporary.uuid);
  assert.equal((await connection.networkLookupByUuid({ uuid: lan.uuid })).name, 'lan');
  assert.deepEqual([await lan.isActive(), await temporary.isActive()], [0, 1]);
  assert.deepEqual([await lan.isPersistent(), await temporary.isPersistent()], [1, 0]);
  assert.match(await temporary.getBridgeName(), /^virbr\d+$/);
  // libvirt's clients are shown what it assumes.
  assert.match(await temporary.getXmlDesc({ flags: 0 }), /<bridge name='virbr\d+' stp='on' delay='0'\/>/);
  await temporary.destroy();
  assert.equal((await libvirtErrorOf(temporary.isActive())).code, errorCodes.noNetwork);
});

test('a bridge of the host that no network is stays one that can be named, and is not changed', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  await lan.create();
  const own = await lan.getBridgeName();
  served.engine.links = async () =>
    ['br0', own].map((name) => ({ kind: 'bridge', name, mac: '02:00:00:00:00:01', up: true, addresses: [] }));
  const all = await connection.listAllNetworks({ needResults: 1, flags: 0 });
  assert.deepEqual(
    all.map(({ name }) => name),
    ['br0', 'lan'],
  );
  const bridge = await connection.networkLookupByName({ name: 'br0' });
  assert.match(await bridge.getXmlDesc({ flags: 0 }), /<forward mode='bridge'\/>\s*<bridge name='br0'/);
  assert.deepEqual([await bridge.isActive(), await bridge.getAutostart()], [1, 1]);
  assert.deepEqual(await bridge.getDhcpLeases({ mac: null, needResults: 1, flags: 0 }), {
    leases: [],
    ret: 0,
  });
  const { code, message } = await libvirtErrorOf(bridge.destroy());
  assert.equal(code, errorCodes.operationUnsupported);
  assert.match(message, /'br0' is a bridge of the host/);
});

test('refusals have the codes and words of libvirt', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  const temporary = await connection.networkCreateXml({ xml: networkXml('try') });
  const refused = async (call: Promise<unknown>): Promise<string> => {
    const { code, message } = await libvirtErrorOf(call);
    return `${code} ${message}`;
  };
  const invalid = `${errorCodes.operationInvalid} Requested operation is not valid:`;
  assert.equal(await refused(lan.destroy()), `${invalid} network 'lan' is not active`);
  assert.equal(
    await refused(connection.networkLookupByName({ name: 'none' })),
    `${errorCodes.noNetwork} Network not found: no network with matching name 'none'`,
  );
  const uuid = '00000000-0000-4000-8000-000000000000';
  assert.equal(
    await refused(connection.networkLookupByUuid({ uuid })),
    `${errorCodes.noNetwork} Network not found: no network with matching uuid '${uuid}'`,
  );
  await lan.create();
  assert.equal(await refused(lan.create()), `${invalid} network is already active`);
  assert.equal(await refused(temporary.undefine()), `${invalid} can't undefine transient network`);
  assert.equal(
    await refused(temporary.setAutostart({ autostart: 1 })),
    `${invalid} cannot set autostart for transient network`,
  );
  assert.equal(
    await refused(connection.networkDefineXml({ xml: networkXml('lan') })),
    `${errorCodes.operationFailed} operation failed: network 'lan' already exists with uuid ${lan.uuid}`,
  );
  const withUuid = (name: string) => networkXml(name, `<uuid>${lan.uuid}</uuid>`);
  assert.equal(
    await refused(connection.networkDefineXml({ xml: withUuid('other') })),
    `${errorCodes.operationFailed} operation failed: network 'lan' is already defined with uuid ${lan.uuid}`,
  );
  assert.equal(
    await refused(connection.networkCreateXml({ xml: withUuid('lan') })),
    `${invalid} network is already active as 'lan'`,
  );
  assert.match(await refused(connection.networkDefineXml({ xml: '<network' })), /^35 /);
  assert.match(await refused(connection.networkDefineXml({ xml: '<network/>' })), /^27 XML error: /);
  assert.match(await refused(lan.getXmlDesc({ flags: 4 })), /^8 /);
});

test('a definition is changed by its own document', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  await lan.create();
  const stored = await lan.getXmlDesc({ flags: 1 });
  await connection.networkDefineXmlFlags({ xml: stored.replace('192.0.2.99', '192.0.2.50'), flags: 1 });
  assert.match(await lan.getXmlDesc({ flags: 1 }), /192\.0\.2\.50/);
  assert.match(await lan.getXmlDesc({ flags: 0 }), /192\.0\.2\.99/);
  const strange = networkXml('odd', '<strange/>');
  const { code } = await libvirtErrorOf(connection.networkDefineXmlFlags({ xml: strange, flags: 1 }));
  assert.equal(code, errorCodes.xmlError);
});

test('single elements are changed, of the running network, its definition, or where it is', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  assert.equal(
    await connection.supportsFeature({ feature: features.networkUpdateHasCorrectOrder }),
    1,
    'without it clients would send section and command in the other order',
  );
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  const change = (what: number, part: number, xml: string, flags: number) =>
    lan.update({ command: what, section: part, parentIndex: -1, xml, flags });
  const hosts = async (flags: number) =>
    [...(await lan.getXmlDesc({ flags })).matchAll(/<host name='(\w+)'/g)].map(([, name]) => name);
  const add = (name: string, ip: string, flags: number) =>
    change(command.addLast, section.ipDhcpHost, `<host name='${name}' ip='${ip}'/>`, flags);
  const offline = await libvirtErrorOf(add('a', '192.0.2.2', affect.live));
  assert.deepEqual(
    [offline.code, offline.message],
    [errorCodes.operationInvalid, 'Requested operation is not valid: network is not running'],
  );
  await add('a', '192.0.2.2', affect.current);
  await lan.create();
  await add('b', '192.0.2.3', affect.current);
  await add('c', '192.0.2.4', affect.live | affect.config);
  assert.deepEqual(
    [await hosts(0), await hosts(1)],
    [
      ['a', 'b', 'c'],
      ['a', 'c'],
    ],
  );
  await change(command.delete, section.ipDhcpHost, "<host name='c'/>", affect.live);
  assert.deepEqual(await hosts(0), ['a', 'b']);
  const codeOf = async (call: Promise<unknown>) => (await libvirtErrorOf(call)).code;
  assert.equal(await codeOf(add('a', '192.0.2.9', affect.live)), errorCodes.operationInvalid);
  assert.equal(
    await codeOf(change(command.modify, section.bridge, '<bridge/>', 0)),
    errorCodes.operationUnsupported,
  );
  assert.equal(await codeOf(change(9, section.ipDhcpHost, '<host/>', 0)), errorCodes.operationUnsupported);
  assert.equal(await codeOf(change(command.delete, 13, '<host/>', 0)), errorCodes.operationUnsupported);
  assert.equal(await codeOf(change(command.addLast, section.dnsTxt, '<host/>', 0)), errorCodes.xmlError);
  assert.equal(await codeOf(change(command.addLast, section.dnsTxt, '<txt', 0)), errorCodes.xmlDetail);
  const temporary = await connection.networkCreateXml({ xml: networkXml('try') });
  const { message } = await libvirtErrorOf(
    temporary.update({
      command: command.addLast,
      section: section.dnsTxt,
      parentIndex: -1,
      xml: "<txt name='a' value='b'/>",
      flags: affect.config,
    }),
  );
  assert.match(message, /cannot change persistent config of a transient network/);
});

test('titles, descriptions and elements of networks', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  const get = (type: number, uri: string | null = null) => lan.getMetadata({ type, uri, flags: 0 });
  const absent = await libvirtErrorOf(get(0));
  assert.deepEqual(
    [absent.code, absent.message],
    [errorCodes.noNetworkMetadata, 'metadata not found: Requested metadata element is not present'],
  );
  const events = connection.events('network', 'metadataChange');
  const first = events.next();
  await connection.getHostname();
  await lan.setMetadata({ type: 0, metadata: 'A text', key: null, uri: null, flags: 0 });
  const told = (await first).value;
  assert.deepEqual([told?.net.name, told?.type, told?.nsuri], ['lan', 0, null]);
  await events.return();
  await lan.setMetadata({ type: 1, metadata: 'A title', key: null, uri: null, flags: 0 });
  await lan.setMetadata({ type: 2, metadata: '<a/>', key: 'x', uri: 'http://x/', flags: 0 });
  assert.deepEqual([await get(0), await get(1), await get(2, 'http://x/')], ['A text', 'A title', '<a/>']);
  await lan.setMetadata({ type: 1, metadata: null, key: null, uri: null, flags: 0 });
  assert.equal((await libvirtErrorOf(get(1))).code, errorCodes.noNetworkMetadata);
  assert.equal((await libvirtErrorOf(get(7))).code, errorCodes.invalidArg);
});

test('leases have the fields of libvirt, and no ports are there', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const connection = await served.connect();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  const asked = { mac: null, needResults: 1, flags: 0 };
  assert.deepEqual(await lan.getDhcpLeases(asked), { leases: [], ret: 0 });
  const off = await libvirtErrorOf(lan.listAllPorts({ needResults: 1, flags: 0 }));
  assert.match(off.message, /network 'lan' is not active/);
  await lan.create();
  const row = { prefix: 24, hostname: 'web', domain: 'web', clientId: null, iaid: null };
  served.engine.networks.leases = async () => [
    { ...row, family: 'ipv4', address: '192.0.2.10', mac: '52:54:00:00:00:01', expires: null },
    {
      ...row,
      family: 'ipv6',
      address: '2001:db8::10',
      prefix: 64,
      mac: '52:54:00:00:00:02',
      clientId: '00:01',
      iaid: '77',
      expires: '2030-01-01T00:00:00.000Z',
    },
  ];
  const { leases, ret } = await lan.getDhcpLeases(asked);
  assert.equal(ret, 2);
  const iface = await lan.getBridgeName();
  assert.deepEqual(leases, [
    {
      iface,
      expirytime: 0n,
      type: 0,
      mac: '52:54:00:00:00:01',
      iaid: null,
      ipaddr: '192.0.2.10',
      prefix: 24,
      hostname: 'web',
      clientid: null,
    },
    {
      iface,
      expirytime: 1_893_456_000n,
      type: 1,
      mac: '52:54:00:00:00:02',
      iaid: '77',
      ipaddr: '2001:db8::10',
      prefix: 64,
      hostname: 'web',
      clientid: '00:01',
    },
  ]);
  const one = await lan.getDhcpLeases({ ...asked, mac: '52:54:0:0:0:2' });
  assert.deepEqual(
    one.leases.map(({ ipaddr }) => ipaddr),
    ['2001:db8::10'],
  );
  assert.equal((await lan.getDhcpLeases({ ...asked, needResults: 0 })).ret, 2);
  const { code } = await libvirtErrorOf(lan.getDhcpLeases({ ...asked, mac: 'none' }));
  assert.equal(code, errorCodes.invalidMac);
  assert.deepEqual(await lan.listAllPorts({ needResults: 1, flags: 0 }), []);
  const port = await libvirtErrorOf(lan.portLookupByUuid({ uuid: lan.uuid }));
  assert.equal(port.code, errorCodes.noNetworkPort);
});

test('events of networks reach who asked for them', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const events = connection.events('network', 'lifecycle');
  const first = events.next();
  await connection.getHostname();
  const lan = await connection.networkDefineXml({ xml: networkXml('lan') });
  await lan.create();
  await lan.destroy();
  await lan.undefine();
  const told = [await first, await events.next(), await events.next(), await events.next()];
  assert.deepEqual(
    told.map(({ value }) => [value?.net.name, value?.event]),
    [0, 2, 3, 1].map((event) => ['lan', event]),
  );
  await events.return();
});

test('addresses of a domain by lease are those its networks gave it, and of other links what the kernel says', async (t) => {
  const served = await serveLibvirtInMemory(t);
  const { engine } = served;
  const connection = await served.connect();
  await engine.networks.define(networkXml('lan'));
  await engine.networks.start('lan');
  await engine.define(sampleXml('web'));
  await engine.start('web');
  const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
  const { document } = engine;
  engine.document = async (...asked) => {
    const { devices, ...rest } = await document(...asked);
    const link = { type: 'network', source: { network: 'lan' } } as const;
    return { ...rest, devices: { ...devices, interfaces: [link] } };
  };
  engine.addresses = async () =>
    macs.map((mac, at) => ({
      name: `eth${at}`,
      mac,
      up: true,
      kind: null,
      addresses: [{ family: 4, address: `198.51.100.${at}`, prefix: 24 }],
    }));
  const { counters } = engine;
  engine.counters = (ref) => ({ ...counters(ref), links: async () => [] });
  engine.networks.leases = async () => [
    {
      family: 'ipv4',
      address: '192.0.2.10',
      prefix: 24,
      mac: macs[0] ?? null,
      hostname: 'web',
      domain: 'web',
      clientId: null,
      iaid: null,
      expires: null,
    },
  ];
  const dom = await connection.domainLookupByName({ name: 'web' });
  const addresses = async (source: number): Promise<string[]> =>
    (await dom.interfaceAddresses({ source, flags: 0 })).map(
      ({ name, addrs }) => `${name} ${addrs.map(({ addr }) => addr).join()}`,
    );
  assert.deepEqual(await addresses(0), ['eth0 192.0.2.10', 'eth1 198.51.100.1']);
  assert.deepEqual(await addresses(1), ['eth0 198.51.100.0', 'eth1 198.51.100.1']);
  assert.deepEqual(await addresses(2), ['eth0 198.51.100.0', 'eth1 198.51.100.1']);
});
