// What strangers' OpenVZ configurations came to, those of OpenVZ 7 among them: each key has the status of the result.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Domain, formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { filesOf } from '../files.js';
import { formats } from '../formats.js';
import { untrue } from '../testing/carried.js';
import { effectiveValues, parseConf } from './conf-file.js';
import { parameters } from './parameters.js';
import { parseDisk, parseUbc } from './values.js';

const host = { pageSize: 4096, cpus: 4 };
const template = 'OSTEMPLATE="busybox"';
const read = (path: string, ...lines: readonly string[]) => {
  const files = filesOf([[path, [template, ...lines].join('\n')]]);
  const [unit] = formats.openvz.detect(files);
  assert.ok(unit, path);
  return formats.openvz.read(files, unit, host);
};
/** By way of the document's text, as a conversion in two commands goes. */
const written = (domain: Domain, autostart?: boolean) => {
  const stored = parseDomainOrThrow(formatDomain(domain));
  const [[path, entry] = ['', undefined]] = formats.openvz.write(stored, { ...host, autostart }).files;
  const text = entry?.text ?? '';
  return { path, text, values: effectiveValues(parseConf(text)).values };
};
const back = (...lines: readonly string[]) => {
  const { domain, autostart } = read('105.conf', ...lines);
  return written(domain, autostart);
};
const statusOf = (key: string, ...lines: readonly string[]) =>
  read('105.conf', ...lines).report.find((row) => row.key === key)?.status;

describe('numbers of 64 bits', () => {
  const longMax = '9223372036854775807';
  test('a limit that no document holds is no limit, and comes back as it was', () => {
    for (const key of ['DISKINODES', 'DISKSPACE']) {
      const line = `${key}="${longMax}:${longMax}"`;
      const { domain } = read('105.conf', line);
      assert.equal(domain.devices.filesystems?.[0]?.quotas, undefined);
      assert.equal(domain.devices.filesystems?.[0]?.spaceHardLimitBytes, undefined);
      assert.equal(statusOf(key, line), 'carried');
      assert.equal(back(line).values.get(key)?.value, `${longMax}:${longMax}`);
      assert.equal(statusOf(key, `${key}="9007199254740993"`), 'approximated');
    }
  });

  test('0 is no limit of disk, and comes back as it was', () => {
    for (const key of ['DISKINODES', 'DISKSPACE'])
      for (const none of ['0', '0:0', '10:0']) {
        const line = `${key}="${none}"`;
        const root = read('105.conf', line).domain.devices.filesystems?.[0];
        assert.deepEqual([root?.quotas, root?.spaceHardLimitBytes], [undefined, undefined]);
        assert.equal(statusOf(key, line), 'carried');
        assert.equal(back(line).values.get(key)?.value, none);
      }
  });

  test('unlimited is written as the word, for PRIVVMPAGES too', () => {
    const { values } = back('PHYSPAGES="0:64M"', 'PRIVVMPAGES="unlimited"', 'SHMPAGES="unlimited"');
    assert.equal(values.get('PRIVVMPAGES')?.value, 'unlimited');
    assert.equal(values.get('SHMPAGES')?.value, 'unlimited');
  });

  test('property: what is told carried means the same number when it comes back', () => {
    const counted = parameters.filter(
      ({ syntax, key }) => (syntax === 'ubc' || syntax === 'disk') && key !== 'SWAPPAGES',
    );
    const number = fc.oneof(
      fc.constantFrom(
        2n ** 31n - 1n,
        2n ** 53n - 1n,
        2n ** 53n,
        2n ** 53n + 1n,
        2n ** 63n - 4096n,
        2n ** 63n - 1n,
      ),
      fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      fc.bigInt({ min: 1n, max: 2n ** 20n }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...counted), number, ({ key, syntax, unit }, value) => {
        const line = `${key}="${value}:${value}"`;
        if (statusOf(key, line) !== 'carried') return;
        const given = back(line).values.get(key)?.value ?? '';
        const meaning = (text: string) =>
          syntax === 'disk'
            ? parseDisk(text, unit === 'inodes' ? 'inodes' : 'KiB')?.hard
            : parseUbc(text, 'count', 4096)?.[key === 'VMGUARPAGES' ? 'barrier' : 'limit'];
        assert.equal(meaning(given), meaning(String(value)), `${line} came back as ${given}`);
      }),
      { numRuns: 400 },
    );
  });

  test('fractions of a processor come back', () => {
    assert.equal(back('CPULIMIT="150.5"').values.get('CPULIMIT')?.value, '150.5');
  });
});

describe('OpenVZ 7', () => {
  const uuid = '0a0b0c0d-1111-4222-8333-123456789abc';
  const netif = 'ifname=eth0,network=Office,mac=02:1C:42:01:02:03,gw=10.60.0.1,ip=10.60.0.9/255.255.255.0';

  test('NETIF: a network, its address and its gateway', () => {
    const { domain, report } = read('105.conf', `NETIF="${netif}"`);
    assert.deepEqual(domain.devices.interfaces, [
      {
        type: 'network',
        source: { network: 'Office' },
        mac: { address: '02:1c:42:01:02:03' },
        ips: [{ address: '10.60.0.9', family: 'ipv4', prefix: 24 }],
        routes: [{ family: 'ipv4', address: '0.0.0.0', gateway: '10.60.0.1' }],
        guest: { dev: 'eth0' },
      },
    ]);
    assert.equal(report.find(({ key }) => key === 'NETIF')?.status, 'carried');
    assert.equal(
      written(domain).values.get('NETIF')?.value,
      'ifname=eth0,mac=02:1C:42:01:02:03,network=Office,gw=10.60.0.1,ip=10.60.0.9/255.255.255.0',
    );
  });

  test('NETIF: every key that libvzctl writes comes back, and so does one that it does not know', () => {
    const whole = [
      'ifname=eth0,mac=02:1C:42:01:02:03,host_ifname=vme0,host_mac=02:1C:42:01:02:04,network=Office,type=bridge,vport=ovs,gw=10.0.0.1,gw6=fd00::1,mac_filter=off,ip_filter=off,ifaceid=ab-1,configure=none,ip=10.0.0.2/255.255.0.0:10.0.0.3,color=red,ip6=fd00::2/64,fd00::3',
      'ifname=eth1,mac=02:1C:42:01:02:05,dhcp=yes,dhcp6=yes',
      'ifname=eth2,mac=02:1C:42:01:02:06,ip=10.9.0.2/255.255.255.0',
    ].join(';');
    const line = `NETIF="${whole}"`;
    const first = back(line, 'IP_ADDRESS="10.7.0.1"');
    assert.equal(first.values.get('NETIF')?.value, whole);
    assert.equal(first.values.get('IP_ADDRESS')?.value, '10.7.0.1');
    assert.equal(statusOf('NETIF', line), 'approximated');
    assert.match(read('105.conf', line).report.find(({ key }) => key === 'NETIF')?.how ?? '', /color/);
  });

  test('NETIF: a bad part costs itself alone', () => {
    const { domain, report } = read(
      '105.conf',
      'NETIF="ifname=eth0,ip=10.0.0.300;mac=02:1C:42:01:02:05;ifname=eth2"',
    );
    assert.deepEqual(
      domain.devices.interfaces?.map(({ guest }) => guest?.dev),
      ['eth0', 'eth2'],
    );
    const row = report.find(({ key }) => key === 'NETIF');
    assert.equal(row?.status, 'approximated');
    assert.match(row?.how ?? '', /10\.0\.0\.300.*|mac=02/);
  });

  test('addresses have masks', () => {
    const [one] = read('105.conf', 'IP_ADDRESS="10.0.0.1/255.255.255.0"').domain.devices.interfaces ?? [];
    assert.deepEqual(one?.ips, [{ address: '10.0.0.1', family: 'ipv4', prefix: 24 }]);
  });

  test('a container is known by its UUID, whichever file it is', () => {
    for (const path of [`/etc/vz/conf/${uuid}.conf`, `/vz/private/${uuid}/ve.conf`]) {
      const { domain } = read(path, 'VE_PRIVATE="/vz/private/$VEID"');
      assert.deepEqual([domain.name, domain.uuid], [uuid, uuid], path);
      assert.equal(written(domain).path, `${uuid}.conf`);
    }
    const named = read(`${uuid}.conf`, 'NAME="shop"', `VEID="${uuid}"`, `UUID="${uuid}"`).domain;
    assert.deepEqual([named.name, named.uuid], ['shop', uuid]);
    assert.equal(written(named).path, `${uuid}.conf`);
    const alone = filesOf([['x', `NUMPROC="1"\nVE_ROOT="/r"\n${template}\nVEID="${uuid}"\n`]]);
    assert.deepEqual(formats.openvz.detect(alone), [{ name: uuid, path: 'x' }]);
  });
});

test('autostart is said only where it was said', () => {
  assert.equal(read('105.conf').autostart, undefined);
  assert.doesNotMatch(back('HOSTNAME="a"').text, /ONBOOT/);
  for (const word of ['yes', 'no']) assert.equal(back(`ONBOOT="${word}"`).values.get('ONBOOT')?.value, word);
});

const samples: Readonly<Record<string, readonly string[]>> = {
  ubc: ['10:20', 'unlimited', '5', '9007199254740993'],
  disk: ['1000:2000', '9223372036854775807'],
  ulong: ['4', '1000', '0'],
  rate: ['10M', '0'],
  float: ['1.5'],
  bool: ['yes', 'no'],
  list: ['10.0.0.1', '10.0.0.1/255.0.0.0 x', 'inherit', 'net/tun:rw'],
  path: ['/vz/private/$VEID', '/a/b'],
  bitmap: ['0,2', 'all'],
  cpulimit: ['150', '25%', '0'],
  meminfo: ['pages:10', 'none'],
  netif: [
    'ifname=eth0',
    'ifname=eth0,network=a,ip=10.0.0.1',
    'ifname=eth0,bridge=br0;ifname=eth1,ip=10.1.1.1',
  ],
  switches: ['sys_time:on', 've_admin:on'],
  text: ['some text'],
  word: ['word', '7'],
};
const line = fc
  .constantFrom(...parameters.filter(({ group, key }) => group !== 'host' && key !== 'OSTEMPLATE'))
  .chain(({ key, syntax }) =>
    fc.constantFrom(...(samples[syntax] ?? ['x'])).map((value) => `${key}="${value}"`),
  );

/** What every container has and does. */
const usual = [/^(no limit|every processor of the host|every node of the host|nothing)$/, /^autostart off$/];

test('property: what is told carried is in the document, or comes back', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { maxLength: 12, selector: (text) => text.split('=')[0] ?? '' }),
      (lines) => {
        const text = [template, ...lines].join('\n');
        assert.deepEqual(untrue('openvz', '105.conf', text, usual), [], text);
      },
    ),
    { numRuns: 300 },
  );
});
