// A domain in words, and the document that they make.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreateRequest, DomainSettings } from '@ctvirt/api';
import { formatDomain, parseDomain } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { domainFrom, settingsEdit } from './settings.js';

const facts = { pageSize: 4096, hostCpus: 4 };
const xmlOf = (request: Omit<CreateRequest, 'name' | 'template'>): string =>
  formatDomain(domainFrom({ name: 'web', template: 'busybox', ...request }, facts));
const refused = (settings: DomainSettings, code: EngineError['code'], pattern: RegExp): void =>
  assert.throws(
    () => xmlOf(settings),
    (error) => error instanceof EngineError && error.code === code && pattern.test(error.message),
  );

test('a document has what the image of its template starts', () => {
  const image = {
    command: ['/bin/serve', '--all'],
    environment: [{ name: 'PATH', value: '/bin' }],
    folder: '/data',
    user: 33,
    group: 34,
    volumes: [],
    ports: [],
  };
  const xml = formatDomain(domainFrom({ name: 'web', template: 'serve' }, facts, image)).replace(/\n */g, '');
  assert.ok(
    xml.includes(
      "<init>/bin/serve</init><initarg>--all</initarg><initenv name='PATH'>/bin</initenv><initdir>/data</initdir><inituser>33</inituser><initgroup>34</initgroup>",
    ),
    xml,
  );
});

test('all that can be said of a new domain', () => {
  const xml = xmlOf({
    profile: 'vps.basic',
    values: { ram: '512M', diskspace: '10G' },
    hostname: 'www',
    nameservers: ['192.168.1.1'],
    searchDomains: ['example.org'],
    description: 'a shop',
    addAddresses: ['10.0.0.5', 'fd00::5/64'],
    rate: '10mbit',
    addMounts: [{ source: '/srv/www', target: '/var/www', readonly: true }],
  });
  const { domain, findings } = parseDomain(xml, { strict: true });
  assert.deepEqual(findings, []);
  assert.equal(domain?.memoryKiB, 512 * 1024);
  assert.equal(domain?.devices.filesystems?.[0]?.spaceHardLimitBytes, 10 * 2 ** 30);
  for (const part of [
    "<domain type='lxc'>",
    '<profile>vps.basic</profile>',
    '<hostname>www</hostname>',
    "<nameserver address='192.168.1.1'/>",
    "<search domain='example.org'/>",
    '<description>a shop</description>',
    "<source name='busybox'/>",
    "<interface type='ethernet'>",
    "<ip address='10.0.0.5' family='ipv4'/>",
    "<ip address='fd00::5' family='ipv6' prefix='64'/>",
    "<inbound average='1250'/>",
    "<source dir='/srv/www'/>",
    '<readonly/>',
  ])
    assert.ok(xml.includes(part), `${part} in ${xml}`);
});

test('an interface on a network, with addresses or without', () => {
  assert.match(xmlOf({ network: 'default' }), /<source network='default'\/>/);
  const xml = xmlOf({ network: 'default', addAddresses: ['192.168.122.9'], rate: '8kbit' });
  assert.equal(xml.match(/<interface/g)?.length, 1);
  assert.match(xml, /<source network='default'\/>[\s\S]*average='1'[\s\S]*<ip address='192.168.122.9'/);
});

test('interfaces on networks come and go', () => {
  const begun = domainFrom({ name: 'web', template: 't', addAddresses: ['10.0.0.5'] }, facts);
  const set = (domain: typeof begun, settings: DomainSettings) =>
    settingsEdit(settings, facts)(domain, 'stored');
  const both = set(begun, { addNetworks: ['lan', 'br0'], network: 'lan', addAddresses: ['10.1.0.5'] });
  assert.deepEqual(
    both.devices.interfaces?.map((link) => [link.type, link.ips?.map(({ address }) => address)]),
    [
      ['ethernet', ['10.0.0.5']],
      ['network', ['10.1.0.5']],
      ['network', undefined],
    ],
  );
  assert.throws(() => set(both, { addNetworks: ['lan'] }), /interface on 'lan' already/);
  const moved = set(both, { removeNetworks: ['lan'], addNetworks: ['other'] });
  assert.deepEqual(
    moved.devices.interfaces?.flatMap((link) => (link.type === 'network' ? [link.source.network] : [])),
    ['br0', 'other'],
  );
  assert.throws(() => set(moved, { removeNetworks: ['lan'] }), /no interface on 'lan'/);
  const bridged: typeof begun = {
    ...begun,
    devices: { interfaces: [{ type: 'bridge', source: { bridge: 'br0' } }] },
  };
  assert.deepEqual(set(bridged, { removeNetworks: ['br0'] }).devices.interfaces, []);
});

test('addresses and directories come and go', () => {
  const begun = domainFrom(
    {
      name: 'web',
      template: 't',
      addAddresses: ['10.0.0.5', 'fd00::5'],
      addMounts: [{ source: '/srv', target: '/mnt/' }],
    },
    facts,
  );
  const changed = settingsEdit(
    {
      removeAddresses: ['FD00:0::5'],
      addAddresses: ['10.0.0.6'],
      removeMounts: ['/mnt'],
      rate: 'unlimited',
      description: '',
    },
    facts,
  )(begun, 'stored');
  assert.deepEqual(
    changed.devices.interfaces?.flatMap(({ ips }) => ips?.map(({ address }) => address)),
    ['10.0.0.5', '10.0.0.6'],
  );
  assert.equal(changed.devices.filesystems?.length, 1);
  assert.equal(begun.devices.filesystems?.length, 2);
  const bare = settingsEdit({ removeAddresses: ['all'] }, facts)(begun, 'stored');
  assert.deepEqual(bare.devices.interfaces, [{ type: 'ethernet' }]);
});

test('what cannot be is refused', () => {
  refused({ addAddresses: ['10.0.0'] }, 'invalid', /not an IP address/);
  refused(
    { addAddresses: ['10.0.0.5', '10.0.0.5'] },
    'exists',
    /domain 'web' has the address 10.0.0.5 already/,
  );
  refused({ removeAddresses: ['10.0.0.5'] }, 'not-found', /does not have/);
  for (const rate of ['10', '1kbit', '10 mbit', '-1mbit', '9999999gbit'])
    refused({ rate, addAddresses: ['10.0.0.5'] }, 'invalid', /no rate/);
  refused({ rate: '1mbit' }, 'invalid', /domain 'web' has no interface/);
  refused({ addMounts: [{ source: 'srv', target: '/mnt' }] }, 'invalid', /absolute/);
  refused({ addMounts: [{ source: '/srv', target: '/' }] }, 'exists', /domain 'web' has a file system at \//);
  refused({ removeMounts: ['/'] }, 'invalid', /root/);
  refused({ removeMounts: ['/mnt'] }, 'not-found', /no file system/);
  refused({ values: { ram: 'x' } }, 'invalid', /ram/);
});

test('interfaces and devices of the host come and go by their names', () => {
  const before = xmlOf({
    addInterfaces: [
      { name: 'eth1', bridge: 'br0', mac: '52:54:00:00:00:01', hostName: 'veth1' },
      { name: 'eth2' },
    ],
    addDevices: ['/dev/net/tun', 'eth7'],
  });
  for (const part of [
    "<source bridge='br0'/>",
    "<mac address='52:54:00:00:00:01'/>",
    "<target dev='veth1'/>",
    "<guest dev='eth2'/>",
    '<char>/dev/net/tun</char>',
    '<interface>eth7</interface>',
  ])
    assert.ok(before.includes(part), `${part} in ${before}`);
  const { domain } = parseDomain(before);
  assert.ok(domain !== undefined);
  const edit = (settings: DomainSettings) => settingsEdit(settings, facts)(domain, 'stored');
  const { interfaces, hostdevs } = edit({
    removeInterfaces: ['eth1'],
    removeDevices: ['/dev/net/tun'],
  }).devices;
  assert.deepEqual(
    interfaces?.map(({ guest }) => guest?.dev),
    ['eth2'],
  );
  assert.equal(hostdevs?.length, 1);
  // Where none says how it is called, their places do, as long as all are there.
  const unnamed = [{ addNetworks: ['lan', 'wan', 'dmz'] }, { removeInterfaces: ['eth0', 'eth2'] }].reduce(
    (one, settings) => settingsEdit(settings, facts)(one, 'stored'),
    edit({ removeInterfaces: ['eth1', 'eth2'] }),
  );
  assert.deepEqual(unnamed.devices.interfaces, [{ type: 'network', source: { network: 'wan' } }]);
  for (const [settings, code] of [
    [{ addInterfaces: [{ name: 'eth1' }] }, 'exists'],
    [{ removeInterfaces: ['eth9'] }, 'not-found'],
    [{ addDevices: ['eth7'] }, 'exists'],
    [{ removeDevices: ['/dev/fuse'] }, 'not-found'],
  ] as const)
    assert.throws(
      () => edit(settings),
      (error) => error instanceof EngineError && error.code === code,
    );
});
