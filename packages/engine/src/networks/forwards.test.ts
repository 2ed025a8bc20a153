// Ports of the host that domains ask for, over a host and a driver in memory: one owner of each, whatever becomes of their documents.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Domain } from '@ctvirt/xml';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { MemoryNetworkHost } from '../drivers/memory/networks.js';
import { isFault } from '../errors.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const options = { skip: process.getuid?.() === 0 ? false : "a daemon obeys root's files alone" };
const root = mkdtempSync(join(tmpdir(), 'cvf'));
chmodSync(root, 0o755);
const files = join(root, 'files');
mkdirSync(files, { mode: 0o700 });
after(() => rmSync(root, { recursive: true }));

const lan = (mode: string) =>
  `<network><name>lan</name>${mode}<ip address='10.0.1.1' prefix='24'><dhcp><range start='10.0.1.2' end='10.0.1.99'/></dhcp></ip></network>`;

async function daemon(name: string, mode = "<forward mode='nat'/>", host = new MemoryNetworkHost()) {
  const layout = layoutOf(join(root, name));
  const driver = new MemoryDriver({ documentPath: documentPathIn(layout) });
  const open = () => openMemoryEngine(layout, driver, undefined, host);
  const { engine } = await open();
  await engine.networks.define(lan(mode));
  await engine.networks.start('lan');
  const forwards = (of: string) =>
    (host.running.get('lan')?.members ?? [])
      .filter(({ names }) => names.includes(of))
      .flatMap(({ forwards: found }) => found ?? [])
      .map(({ protocol, start, end, to }) => `${protocol} ${start}-${end} ${to}`);
  return { engine, host, open, forwards };
}

const forwardXml = (start: number, more = '', at = '') =>
  `<portForward proto='tcp'${at}><range start='${start}'${more}/></portForward>`;
const xmlOf = (name: string, forwards: string, network = 'lan'): string =>
  `<domain type='lxc'><name>${name}</name><memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  `<devices><filesystem type='mount'><source dir='${files}'/><target dir='/'/></filesystem>` +
  `<interface type='network'><source network='${network}'/>${forwards}</interface></devices></domain>`;
const taken = (what: RegExp) => (error: unknown) => isFault(error, 'exists') && what.test(error.message);

type Said = NonNullable<NonNullable<Domain['devices']['interfaces']>[number]['portForwards']>;
const withForwards =
  (portForwards: Said) =>
  (domain: Domain): Domain => ({
    ...domain,
    devices: {
      ...domain.devices,
      interfaces: (domain.devices.interfaces ?? []).map((link) => ({ ...link, portForwards })),
    },
  });
const ssh: Said = [{ proto: 'tcp', ranges: [{ start: 2222, to: 22 }] }];

test('a port has one owner, from when it is defined until that is undone', options, async () => {
  const { engine, forwards, open } = await daemon('owner');
  await engine.define(xmlOf('a', forwardXml(2222, " to='22'")));
  const refused = taken(/^tcp port 2222 of the host is in use by domain 'a'$/);
  await assert.rejects(engine.define(xmlOf('b', forwardXml(2220, " end='2230'"))), refused);
  await assert.rejects(
    engine.define(xmlOf('b', forwardXml(2222, '', " address='192.0.2.1'"))),
    taken(/^tcp port 2222 of 192\.0\.2\.1 is in use by domain 'a'$/),
  );
  assert.equal(engine.find({ name: 'b' }), undefined);
  await engine.define(xmlOf('b', forwardXml(2223)));
  await assert.rejects(engine.define(xmlOf('b', forwardXml(2222))), refused);
  assert.deepEqual(forwards('a'), [], 'it is off');
  await engine.start('a');
  assert.deepEqual(forwards('a'), ['tcp 2222-2222 22']);
  // Its own it may ask for again.
  await engine.define(xmlOf('a', forwardXml(2300)));
  assert.deepEqual(forwards('a'), ['tcp 2222-2222 22'], 'it runs as it was started');
  await assert.rejects(engine.define(xmlOf('c', forwardXml(2222))), refused);
  await assert.rejects(engine.define(xmlOf('c', forwardXml(2300))), taken(/2300 .* 'a'$/));
  // The next daemon knows both, too.
  const again = (await open()).engine;
  await assert.rejects(again.define(xmlOf('c', forwardXml(2222))), refused);
  await assert.rejects(again.define(xmlOf('c', forwardXml(2300))), taken(/2300 .* 'a'$/));
  assert.deepEqual(forwards('a'), ['tcp 2222-2222 22']);
  await again.destroy('a');
  await again.define(xmlOf('c', forwardXml(2222)));
  assert.deepEqual(forwards('a'), []);
  await again.undefine('a');
  await again.define(xmlOf('d', forwardXml(2300)));
});

test('a live change has its ports at once, and one that fails none', options, async () => {
  const { engine, forwards } = await daemon('live');
  await engine.define(xmlOf('a', ''));
  await engine.start('a');
  await engine.amend('a', { live: true, stored: false }, withForwards(ssh));
  assert.deepEqual(forwards('a'), ['tcp 2222-2222 22']);
  assert.match(await engine.xml('a'), /<range start='2222' to='22'\/>/);
  assert.doesNotMatch(await engine.xml('a', { inactive: true }), /portForward/);
  await engine.define(xmlOf('b', forwardXml(80)));
  await assert.rejects(
    engine.amend(
      'a',
      { live: true, stored: true },
      withForwards([{ proto: 'tcp', ranges: [{ start: 1, end: 100 }] }]),
    ),
    taken(/^tcp port 80 of the host is in use by domain 'b'$/),
  );
  assert.deepEqual(forwards('a'), ['tcp 2222-2222 22']);
  await engine.define(xmlOf('c', forwardXml(99)));
  await engine.amend('a', { live: true, stored: true }, withForwards([]));
  assert.deepEqual(forwards('a'), []);
  await engine.define(xmlOf('d', forwardXml(2222)));
});

test('what leads nowhere, or takes the place of a program, is told', options, async () => {
  const { engine, host } = await daemon('told');
  const at = (address: string) => Buffer.from(address.split('.').map(Number));
  host.listening.push({ protocol: 'tcp', address: at('0.0.0.0'), port: 25 });
  host.listening.push({ protocol: 'tcp', address: at('127.0.0.1'), port: 26 });
  host.listening.push({ protocol: 'udp', address: at('0.0.0.0'), port: 27 });
  const { findings } = await engine.define(
    xmlOf('a', forwardXml(20, " end='30'") + forwardXml(31, '', " address='127.0.0.1'")),
  );
  assert.deepEqual(
    findings.map(({ code, path, message }) => [code, path, message]),
    [
      [
        'not-enforced',
        '/domain/devices/interface[1]/portForward[2]/@address',
        'what the host sends to itself by 127.0.0.1 stays there: give another address of it, or none',
      ],
      [
        'taken-port',
        '/domain/devices/interface[1]/portForward[1]',
        'a program of the host listens at tcp port 25 of the host: while the domain runs, others reach the container there instead',
      ],
    ],
  );
  host.listening.push({ protocol: 'tcp', address: at('192.0.2.7'), port: 45 });
  host.foreign.add('198.51.100.7');
  const elsewhere = await engine.define(xmlOf('d', forwardXml(50, '', " address='198.51.100.7'")));
  assert.deepEqual(
    elsewhere.findings.map(({ code, path, message }) => [code, path, message]),
    [
      [
        'bad-address',
        '/domain/devices/interface[1]/portForward[1]/@address',
        'the host does not have the address 198.51.100.7 now: what passes this host on its way there is led to the domain, too',
      ],
    ],
  );
  const other = await engine.define(
    xmlOf('c', forwardXml(40, '', " address='2001:db8::1'") + forwardXml(45, '', " address='0.0.0.0'")),
  );
  assert.deepEqual(
    other.findings.map(({ path, message }) => [path, message]),
    [
      [
        '/domain/devices/interface[1]/portForward[1]',
        "the domain has no IPv6 address on network 'lan' to which this could lead: give the interface an <ip>, or the network a <dhcp>",
      ],
      [
        '/domain/devices/interface[1]/portForward[2]',
        'a program of the host listens at tcp port 45 of 0.0.0.0: while the domain runs, others reach the container there instead',
      ],
    ],
  );
  host.links.add('br0');
  const bridge = await engine.define(xmlOf('b', forwardXml(99), 'br0'));
  assert.match(bridge.findings[0]?.message ?? '', /^'br0' is a bridge of the host: ports are forwarded on/);
  const alone = await daemon('alone', '');
  const isolated = await alone.engine.define(xmlOf('a', forwardXml(99)));
  assert.match(isolated.findings[0]?.message ?? '', /^network 'lan' neither translates nor routes/);
});

test('what a document contradicts itself in is refused', options, async () => {
  const { engine } = await daemon('refused');
  const refused = (forwards: string, what: RegExp) =>
    assert.rejects(
      engine.define(xmlOf('a', forwards)),
      (error) => isFault(error, 'invalid') && what.test(error.message),
    );
  await refused(forwardXml(80) + forwardXml(79, " end='81'"), /tcp port 80 of the host is forwarded twice/);
  await refused("<portForward proto='tcp'/>", /every port of the host, its own ssh among them/);
  await refused(forwardXml(80, '', " dev='a\"b'"), /'a"b' is no name of a link/);
  await refused(forwardXml(80, " end='79'"), /a range from 80 does not end at 79/);
  await refused(forwardXml(80, " end='90' to='65530'"), /11 ports from 65530 on go beyond 65535/);
});
