// What dnsmasq is told, and that no word of a document tells it more.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { EngineError } from '../../errors.js';
import { run } from '../../host/run.js';
import { bridgePlan, networkMember, plainDns } from '../../testing/network-plan.js';
import type { OwnBridge } from '../contract/plan.js';
import { configText, type DnsmasqFiles, hostsText, namesText, needsDnsmasq } from './dnsmasq-config.js';
import { quoted } from './words.js';

let folder: string;
let files: DnsmasqFiles;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'dnsmasq config,"#-'));
  const path = (name: string) => join(folder, name);
  files = {
    ...{ config: path('conf'), hosts: path('hosts'), names: path('names') },
    ...{ leases: path('leases'), pid: path('pid') },
  };
});
after(() => rmSync(folder, { recursive: true }));

const user = { name: 'nobody', group: 'nogroup' };
/** Without what is the same for all. */
const told = (given: Partial<OwnBridge>): string[] =>
  configText(bridgePlan(given), files, user)
    .split('\n')
    .filter((line) => line !== '' && !/^(strict-order|user|group|pid-file|except-interface|bind-)/.test(line))
    .filter(
      (line) =>
        !/^(dhcp-hostsfile|dhcp-leasefile|addn-hosts|no-hosts|dhcp-name-match|dhcp-ignore)/.test(line),
    );

async function tested(text: string): Promise<void> {
  writeFileSync(files.config, text);
  for (const name of ['hosts', 'names'] as const) writeFileSync(files[name], '');
  await run(['/usr/sbin/dnsmasq', '--test', `--conf-file=${files.config}`]);
}

const v6 = { address: 'fd00:7::1', prefix: 64, family: 6 } as const;

test('a network as default is', async () => {
  assert.deepEqual(told({}), [
    'interface=virbr7',
    'dhcp-range=tag:!known,tag:!known-othernet,192.168.122.2,192.168.122.254,255.255.255.0',
    'dhcp-range=192.168.122.1,static,255.255.255.0',
    'dhcp-no-override',
    'dhcp-authoritative',
    'dhcp-lease-max=256',
  ]);
  await tested(configText(bridgePlan(), files, user));
});

test('who has no address on it needs none of it', () => {
  assert.ok(needsDnsmasq(bridgePlan()));
  assert.ok(!needsDnsmasq(bridgePlan({ addresses: [] })));
  const silent = { ...plainDns, isEnabled: false };
  assert.ok(!needsDnsmasq(bridgePlan({ dhcp: [], dns: silent })));
  assert.ok(needsDnsmasq(bridgePlan({ dhcp: [], dns: silent, addresses: [v6] })), 'advertisements');
});

test('one that leads nowhere tells no way and asks nobody', () => {
  assert.deepEqual(told({ forward: { mode: 'none' }, dhcp: [] }), [
    'interface=virbr7',
    'dhcp-option=3',
    'no-resolv',
    'ra-param=*,0,0',
  ]);
});

test('of IPv6 either addresses are given, or only the subnet is advertised', () => {
  const ends = { start: 'fd00:7::100', end: 'fd00:7::1ff' };
  const dhcp = { family: 6, server: v6.address, hosts: [], bootp: undefined } as const;
  const server = 'dhcp-option=option6:dns-server,[fd00:7::1]';
  assert.deepEqual(told({ addresses: [v6], dhcp: [] }), [
    'interface=virbr7',
    server,
    'dhcp-range=fd00:7::1,ra-only',
  ]);
  assert.deepEqual(
    told({ addresses: [v6], dhcp: [{ ...dhcp, ranges: [{ ...ends, leaseSeconds: 'infinite' }] }] }),
    [
      'interface=virbr7',
      'dhcp-range=tag:!known,tag:!known-othernet,fd00:7::100,fd00:7::1ff,64,infinite',
      'dhcp-range=fd00:7::1,static,64,infinite',
      'dhcp-lease-max=65536',
      server,
      'enable-ra',
    ],
  );
  assert.ok(
    told({ addresses: [v6], dhcp: [{ ...dhcp, ranges: [] }] }).includes('dhcp-range=fd00:7::1,static,64'),
  );
});

const service = {
  ...{ service: 'ldap', protocol: 'tcp', domain: undefined, target: undefined },
  ...{ port: undefined, priority: undefined, weight: undefined },
};

test('names, records and whom to ask', async () => {
  const given: Partial<OwnBridge> = {
    mtu: 9000,
    domain: { name: 'lan.example', isLocal: true },
    dns: {
      ...plainDns,
      forwardsPlainNames: false,
      forwarders: [
        { domain: 'corp.example', address: '192.0.2.53' },
        { domain: 'quiet.example', address: undefined },
        { domain: undefined, address: '2001:db8::53' },
      ],
      texts: [
        { name: 'plain', value: 'example value' },
        { name: 'hard', value: 'v="a, b" \\ # c' },
      ],
      services: [
        service,
        { ...service, domain: 'lan.example', target: 'ds.lan.example', port: 389 },
        { ...service, target: 'ds', weight: 7 },
        { ...service, target: '.', port: 1 },
      ],
    },
  };
  assert.deepEqual(told(given), [
    'server=/corp.example/192.0.2.53',
    'server=/quiet.example/#',
    'server=2001:db8::53',
    'no-resolv',
    'local=/lan.example/',
    'domain=lan.example',
    'expand-hosts',
    'domain-needed',
    'local=//',
    'interface=virbr7',
    'txt-record=plain,example value',
    'txt-record=hard,"v=\\"a, b\\" \\\\ # c"',
    'srv-host=_ldap._tcp',
    'srv-host=_ldap._tcp.lan.example,ds.lan.example,389',
    'srv-host=_ldap._tcp,ds,1,0,7',
    'srv-host=_ldap._tcp',
    'dhcp-range=tag:!known,tag:!known-othernet,192.168.122.2,192.168.122.254,255.255.255.0',
    'dhcp-range=192.168.122.1,static,255.255.255.0',
    'dhcp-no-override',
    'dhcp-authoritative',
    'dhcp-lease-max=256',
    'dhcp-option=option:mtu,9000',
  ]);
  await tested(configText(bridgePlan(given), files, user));
});

test('who has an address is asked of nobody else, where its network is a zone', () => {
  const local = (address: string, prefix: number, family: 4 | 6) =>
    told({ addresses: [{ address, prefix, family, hasLocalPtr: true }], dhcp: [] })[0];
  assert.equal(local('192.168.122.1', 24, 4), 'local=/122.168.192.in-addr.arpa/');
  assert.equal(local('2001:db8:ca2:2::1', 64, 6), 'local=/2.0.0.0.2.a.c.0.8.b.d.0.1.0.0.2.ip6.arpa/');
  assert.throws(
    () => local('192.168.122.1', 25, 4),
    (error) => error instanceof EngineError && error.code === 'unsupported',
  );
});

test('files for machines that start over the network', async () => {
  const addresses = [{ address: '192.168.122.1', prefix: 24, family: 4, tftpRoot: '/srv/a, "b"' } as const];
  const lines = told({ addresses, dhcp: [] });
  assert.deepEqual(lines.slice(1), ['enable-tftp', 'tftp-root="/srv/a, \\"b\\""']);
  await tested(configText(bridgePlan({ addresses }), files, user));
});

test('whose an address is: the document first, then members with what it does not say', () => {
  const host = { mac: undefined, id: undefined, name: undefined, address: undefined };
  const [dhcp] = bridgePlan().dhcp;
  assert.ok(dhcp);
  const bridge = bridgePlan({
    dhcp: [
      {
        ...dhcp,
        hosts: [
          {
            ...host,
            mac: '52:54:00:aa:bb:01',
            name: 'doc',
            address: '192.168.122.50',
            leaseSeconds: 'infinite',
          },
        ],
      },
      {
        ...dhcp,
        family: 6,
        hosts: [
          { ...host, id: '0:4:7e:7d', name: 'peter.xyz', address: 'fd00:7::22', leaseSeconds: 7200 },
          { ...host, name: 'paul', address: 'fd00:7::21' },
        ],
      },
    ],
  });
  const members = [
    networkMember({ addresses: ['192.168.122.50', 'fd00:7::50'] }),
    networkMember({
      mac: '52:54:00:aa:bb:02',
      names: ['kein Name', 'db.lan', 'db'],
      addresses: ['192.168.122.51'],
    }),
  ];
  assert.equal(
    hostsText(bridge, members),
    [
      '52:54:00:aa:bb:01,192.168.122.50,doc,infinite',
      'id:0:4:7e:7d,peter.xyz,[fd00:7::22],7200',
      'paul,[fd00:7::21]',
      '52:54:00:aa:bb:01,[fd00:7::50],web',
      '52:54:00:aa:bb:02,192.168.122.51,db',
      '',
    ].join('\n'),
  );
  assert.equal(namesText(bridge, members), '192.168.122.50 web\nfd00:7::50 web\n192.168.122.51 db.lan db\n');
});

/** What may be in a document, and what an attacker would put there. */
const hostile = [
  ...[
    'a\nuser=root',
    'a\rb',
    'a\0b',
    'a,b',
    'a b',
    'a#b',
    'a #b',
    '#',
    '"',
    'a"',
    '\\',
    "a'b",
    '-x',
    'a/b',
    '',
  ],
  ...['a\n', '\ta', '=', '[::1]', '::%eth0', '$(id)', '*', 'é', 'a\u2028b', 'x'.repeat(300), '!', '1,set:a'],
];

test('no word of a document ends its line or its option', async () => {
  const dhcp = bridgePlan().dhcp.slice(0, 1);
  const end = { end: '192.168.122.9', leaseSeconds: undefined };
  const places: readonly (readonly [good: string, place: (word: string) => Partial<OwnBridge>])[] = [
    ['br0', (name) => ({ name })],
    ['lan', (name) => ({ domain: { name, isLocal: true } })],
    ['lan', (domain) => ({ dns: { ...plainDns, forwarders: [{ domain, address: '192.0.2.1' }] } })],
    ['192.0.2.1', (address) => ({ dns: { ...plainDns, forwarders: [{ domain: undefined, address }] } })],
    ['lan', (name) => ({ dns: { ...plainDns, texts: [{ name, value: 'x' }] } })],
    ['lan', (value) => ({ dns: { ...plainDns, texts: [{ name: 'x', value }] } })],
    ['lan', (word) => ({ dns: { ...plainDns, services: [{ ...service, service: word }] } })],
    ['lan', (target) => ({ dns: { ...plainDns, services: [{ ...service, target }] } })],
    ['lan', (file) => ({ dhcp: dhcp.map((one) => ({ ...one, bootp: { file, server: undefined } })) })],
    ['192.168.122.2', (start) => ({ dhcp: dhcp.map((one) => ({ ...one, ranges: [{ start, ...end }] })) })],
  ];
  let taken = 0;
  for (const [at, [good, place]] of places.entries()) {
    const { length } = configText(bridgePlan(place(good)), files, user).split('\n');
    for (const word of hostile) {
      let text: string;
      try {
        text = configText(bridgePlan(place(word)), files, user);
      } catch (error) {
        assert.ok(error instanceof EngineError && error.code === 'invalid', `${at}: ${word}: ${error}`);
        continue;
      }
      taken += 1;
      assert.equal(text.split(/[\r\n]/).length, length, `${at}: ${JSON.stringify(word)}`);
      await tested(text);
    }
  }
  assert.ok(taken > 20, `${taken} were taken`);
  for (const word of hostile) {
    const names = namesText(bridgePlan(), [networkMember({ names: [word] })]);
    assert.match(names, /^(192\.168\.122\.50 [^\s#]+\n)?$/);
    assert.match(hostsText(bridgePlan(), [networkMember({ names: [word] })]), /^[^\n"#\s]+\n$/);
  }
});

test('what is quoted is read as it was written', () => {
  assert.equal(quoted('pxelinux.0'), 'pxelinux.0');
  assert.equal(quoted('/a b/c'), '/a b/c');
  assert.equal(quoted('a  b'), '"a  b"');
  assert.equal(quoted('a"b\\'), '"a\\"b\\\\"');
});
