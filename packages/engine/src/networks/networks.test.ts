// The operations on networks over a host in memory: what clients meet, without bridges.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { MemoryNetworkHost } from '../drivers/memory/networks.js';
import { isFault } from '../errors.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvn'));
chmodSync(root, 0o755);
after(() => rmSync(root, { recursive: true }));

async function daemon(name: string, host = new MemoryNetworkHost()) {
  const layout = layoutOf(join(root, name));
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout) });
  const { engine } = await openMemoryEngine(layout, driver, undefined, host);
  const told: string[] = [];
  engine.networks.onEvent(({ event, network }) => void told.push(`${network.name} ${event}`));
  return { engine, networks: engine.networks, host, layout, told };
}

const fails = (code: Parameters<typeof isFault>[1], what: RegExp) => (error: unknown) =>
  isFault(error, code) && what.test(error.message);

const natXml = (name: string, third: number, more = ''): string =>
  `<network><name>${name}</name>${more}<forward mode='nat'/>` +
  `<ip address='192.168.${third}.1' netmask='255.255.255.0'><dhcp><range start='192.168.${third}.2' end='192.168.${third}.254'/></dhcp></ip></network>`;

test('a network is defined, runs, is looked at, and goes', options, async () => {
  const { networks, host, layout, told } = await daemon('life');
  host.links.add('virbr0');
  const { network } = await networks.define(natXml('a', 10));
  assert.deepEqual(network, {
    name: 'a',
    uuid: network.uuid,
    active: false,
    persistent: true,
    autostart: false,
    bridge: 'virbr1',
    forward: 'nat',
    subnets: [{ address: '192.168.10.1', prefix: 24, dhcp: true }],
    domain: null,
    members: 0,
  });
  assert.match(await networks.xml('a'), /<mac address='52:54:00:[0-9a-f:]{8}'\/>/);
  await networks.start('a');
  assert.equal(host.running.get('a')?.plan.bridge?.name, 'virbr1');
  assert.ok(existsSync(join(layout.networkRuntime, 'a', 'live.xml')));
  await assert.rejects(networks.start(network.uuid), fails('wrong-state', /already running/));
  await networks.setAutostart('a', true);
  assert.equal(networks.get('a').autostart, true);
  await networks.stop('a');
  await assert.rejects(networks.stop('a'), fails('wrong-state', /not running/));
  await networks.undefine('a');
  assert.deepEqual(networks.list(), []);
  assert.throws(() => networks.get('a'), fails('not-found', /no network/));
  assert.deepEqual(told, ['a defined', 'a started', 'a stopped', 'a undefined']);
  assert.ok(!existsSync(join(layout.networkRuntime, 'a')));
});

test('what a document was given stays: bridge, hardware address, UUID', options, async () => {
  const { networks } = await daemon('given');
  const first = await networks.define(natXml('a', 10));
  const mac = /<mac [^>]*>/.exec(await networks.xml('a'))?.[0];
  const second = await networks.define(natXml('a', 11));
  assert.deepEqual([second.network.uuid, second.network.bridge], [first.network.uuid, first.network.bridge]);
  assert.equal(/<mac [^>]*>/.exec(await networks.xml('a'))?.[0], mac);
  const other = await networks.define(natXml('b', 12));
  assert.deepEqual(
    (await networks.define(natXml('b', 11))).findings.map(({ code, message }) => [code, message]),
    [['conflict', "network 'a' has addresses of 192.168.11.1/24, too: only one of them can run"]],
  );
  assert.equal(other.network.bridge, 'virbr1');
  await assert.rejects(
    networks.define(natXml('c', 13, "<bridge name='virbr1'/>")),
    fails('exists', /bridge name 'virbr1'.*network 'b'/),
  );
  await assert.rejects(
    networks.define(natXml('c', 13, `<uuid>${other.network.uuid}</uuid>`)),
    fails('exists', /network 'b' already exists/),
  );
  await assert.rejects(
    networks.define(natXml('a', 13, `<uuid>${other.network.uuid}</uuid>`)),
    fails('exists', /network 'a' already exists/),
  );
  assert.deepEqual(
    networks.list().map(({ name }) => name),
    ['a', 'b'],
  );
});

test(
  'a transient network goes with its stop, and one that runs outlives its definition',
  options,
  async () => {
    const { networks, told } = await daemon('transient');
    const { network } = await networks.create(natXml('a', 10));
    assert.deepEqual([network.active, network.persistent], [true, false]);
    await assert.rejects(networks.undefine('a'), fails('wrong-state', /transient/));
    await assert.rejects(networks.setAutostart('a', true), fails('wrong-state', /transient/));
    await networks.define(natXml('a', 10));
    assert.equal(networks.get('a').persistent, true);
    await networks.undefine('a');
    assert.deepEqual([networks.get('a').active, networks.get('a').persistent], [true, false]);
    await networks.stop('a');
    assert.deepEqual(networks.list(), []);
    assert.deepEqual(told, ['a started', 'a defined', 'a undefined', 'a stopped']);
  },
);

test('what fails leaves nothing', options, async () => {
  const { networks, host, layout } = await daemon('fails');
  await networks.define(natXml('a', 10));
  host.fault = new Error('no');
  await assert.rejects(networks.start('a'), /no/);
  assert.equal(networks.get('a').active, false);
  assert.ok(!existsSync(join(layout.networkRuntime, 'a')));
  host.fault = new Error('no');
  await assert.rejects(networks.create(natXml('b', 11)), /no/);
  assert.equal(networks.find({ name: 'b' }), undefined);
  await networks.start('a');
  const before = await networks.xml('a');
  host.fault = new Error('no');
  const edit = { live: true, stored: true };
  const widened = (xml: Parameters<Parameters<typeof networks.amend>[2]>[0]) => ({
    ...xml,
    domain: { name: 'lan' },
  });
  await assert.rejects(networks.amend('a', edit, widened), /no/);
  assert.equal(await networks.xml('a'), before);
  await networks.amend('a', edit, widened);
  assert.equal(host.running.get('a')?.plan.bridge?.domain?.name, 'lan');
  assert.match(await networks.xml('a', { inactive: true }), /<domain name='lan'\/>/);
  assert.match(readFileSync(join(layout.networkRuntime, 'a', 'live.xml'), 'utf8'), /<domain name='lan'\/>/);
  await assert.rejects(
    networks.amend('a', edit, (network) => ({ ...network, bridge: { name: 'other0' } })),
    fails('unsupported', /stop it first/),
  );
  await assert.rejects(
    networks.define("<network><name>h</name><forward mode='hostdev'/></network>"),
    fails('unsupported', /whole devices/),
  );
  await networks.define("<network><name>br</name><forward mode='bridge'/><bridge name='br9'/></network>");
  await assert.rejects(networks.start('br'), fails('host-command', /no link 'br9'/));
});

test('the next daemon finds what runs, and what is defined', options, async () => {
  const { networks, host } = await daemon('next');
  await networks.define(natXml('a', 10));
  await networks.create(natXml('b', 11));
  await networks.start('a');
  host.running.delete('b'); // as if its bridge went
  const next = await daemon('next', host);
  assert.deepEqual(
    next.networks.list().map(({ name, active, persistent }) => [name, active, persistent]),
    [
      ['a', true, true],
      ['b', true, false],
    ],
  );
  assert.deepEqual([...host.running.keys()], ['a', 'b']);
});
