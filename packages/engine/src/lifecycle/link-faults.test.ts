// What no container's interface can be is told at once, with the place of each.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDomainOrThrow } from '@ctvirt/xml';
import { linkFaults } from './link-faults.js';

const domain = (...interfaces: readonly string[]): string =>
  `<domain type='lxc'><name>a</name><os><type>exe</type></os><devices>
    <filesystem type='template'><source name='t'/><target dir='/'/></filesystem>${interfaces.join('')}</devices></domain>`;
const faultsOf = (...interfaces: readonly string[]) =>
  linkFaults(parseDomainOrThrow(domain(...interfaces)).devices.interfaces ?? []);
const messages = (...interfaces: readonly string[]): string[] =>
  faultsOf(...interfaces).map(({ message, isFatal }) => `${isFatal ? 'fatal' : 'useless'}: ${message}`);

const ips = (...addresses: readonly string[]): string =>
  addresses
    .map((one) => one.split('/'))
    .map(
      ([address, prefix]) => `<ip address='${address}'${prefix === undefined ? '' : ` prefix='${prefix}'`}/>`,
    )
    .join('');
const routed = (...addresses: readonly string[]): string =>
  `<interface type='ethernet'>${ips(...addresses)}</interface>`;
const bridged = (addresses: readonly string[], more = ''): string =>
  `<interface type='bridge'><source bridge='b'/>${ips(...addresses)}${more}</interface>`;
const route = (to: string, gateway: string, more = ''): string => {
  const [address, prefix = '0'] = to.split('/');
  return `<route address='${address}' prefix='${prefix}' gateway='${gateway}'${more}/>`;
};

test('addresses that single containers have', () => {
  for (const address of ['10.0.0.1', '10.0.0.0', '10.0.0.255', '169.254.1.1', '2001:db8::1', 'fd00::', '::5'])
    assert.deepEqual(messages(routed(address)), [], address);
  for (const address of [
    '10.0.0.1',
    '10.0.0.0/31',
    '10.0.0.1/31',
    '10.0.0.7/32',
    'fe80::5/64',
    '10.0.1.0/16',
  ])
    assert.deepEqual(messages(bridged([address])), [], address);
});

test('addresses that nobody has, or nobody reaches', () => {
  for (const [address, why] of [
    ['0.0.0.0', /stands for a host that has none/],
    ['0.1.2.3', /stands for a host that has none/],
    ['224.0.0.1', /no address that a single container/],
    ['240.0.0.1', /no address that a single container/],
    ['255.255.255.255', /no address that a single container/],
    ['ff02::5', /no address that a single container/],
    ['::', /stands for a host that has none/],
    ['::ffff:10.0.0.1', /write 10\.0\.0\.1$/],
    ['::FFFF:a00:1', /write 10\.0\.0\.1$/],
  ] as const)
    for (const link of [routed(address), bridged([address])]) {
      const [first, ...more] = faultsOf(link);
      assert.match(first?.message ?? '', why, address);
      assert.equal(first?.path, '/domain/devices/interface[1]/ip[1]/@address');
      assert.deepEqual(more, []);
    }
  assert.match(messages(routed('fe80::5'))[0] ?? '', /nobody has a route to it/);
  assert.match(messages(bridged(['10.0.0.0/24']))[0] ?? '', /is the network of 24 bits itself/);
  assert.match(
    messages(bridged(['10.0.0.255']))[0] ?? '',
    /is the broadcast address of its network of 24 bits/,
  );
  assert.match(messages(bridged(['10.0.0.3/30']))[0] ?? '', /is the broadcast address/);
});

test('an address twice, however it is written and by whichever interface', () => {
  const twice = (address: string) => `the container has the address ${address} twice`;
  assert.deepEqual(messages(routed('10.0.0.1', '10.0.0.01')), [`fatal: ${twice('10.0.0.1')}`]);
  assert.deepEqual(messages(routed('2001:db8::5'), routed('2001:DB8:0:0::5')), [
    `fatal: ${twice('2001:db8::5')}`,
  ]);
  assert.deepEqual(messages(bridged(['10.0.0.5/24', '10.0.0.5/16'])), [`useless: ${twice('10.0.0.5')}`]);
});

test('sizes of packets', () => {
  const sized = (size: number, ...addresses: readonly string[]) =>
    messages(routed(...addresses).replace('</interface>', `<mtu size='${size}'/></interface>`));
  for (const size of [68, 1279, 1500, 65_535]) assert.deepEqual(sized(size, '10.0.0.1'), [], String(size));
  assert.deepEqual(sized(1280, '2001:db8::1'), []);
  for (const size of [1, 67, 65_536])
    assert.match(
      sized(size)[0] ?? '',
      new RegExp(`^fatal: a link has no packets of ${size} bytes, 68 to 65535`),
    );
  assert.match(sized(1279, '2001:db8::1')[0] ?? '', /^fatal: .* with an IPv6 address 1280 to 65535/);
});

test('a name of digits alone', () => {
  assert.match(
    messages("<interface><guest dev='12'/></interface>")[0] ?? '',
    /^fatal: '12' is no name of a link/,
  );
  assert.deepEqual(messages("<interface><guest dev='1a'/></interface>"), []);
});

test('routes that the kernel sets', () => {
  const good = [
    route('0.0.0.0', '10.0.0.254'),
    route('0.0.0.0', '10.99.0.1'), // liblxc makes a way to it
    route('0.0.0.0', '10.0.0.254') +
      route('10.9.0.0/16', '10.0.0.254') +
      route('10.9.0.0/16', '10.0.0.2', " metric='5'"),
    "<route address='10.9.0.0' netmask='255.255.0.0' gateway='10.0.0.2'/>",
    route('2001:db8:9::/48', 'fe80::1') + route('2001:db8:8::/48', '2001:db8::9'),
  ];
  for (const routes of good)
    assert.deepEqual(messages(bridged(['10.0.0.1', '2001:db8::1'], routes)), [], routes);
});

test('routes that nothing leads over', () => {
  const of = (routes: string, addresses = ['10.0.0.1']) => messages(bridged(addresses, routes));
  for (const [routes, why] of [
    [route('10.9.0.0/16', '10.1.0.1'), /^fatal: the gateway 10\.1\.0\.1 is in no network of its interface/],
    [route('0.0.0.0', '10.0.0.1'), /^useless: the gateway 10\.0\.0\.1 is the container's own/],
    [route('0.0.0.0', '224.0.0.1'), /^useless: the gateway 224\.0\.0\.1 is no address/],
    [route('::', '2001:db8::1'), /^fatal: a route for IPv6 needs an IPv6 address on its interface/],
    [route('10.0.0.0/24', '10.0.0.2'), /^fatal: the interface has a route to 10\.0\.0\.0\/24 already/],
    [
      route('10.9.0.0/16', '10.0.0.2') + route('10.9.0.0/16', '10.0.0.3'),
      /^fatal: the interface has a route to 10\.9\.0\.0\/16 already/,
    ],
    [
      route('0.0.0.0', '10.0.0.2') + route('0.0.0.0', '10.0.0.3'),
      /^fatal: a second default route for IPv4: a container has one, here by 10\.0\.0\.2/,
    ],
  ] as const) {
    const found = of(routes);
    assert.equal(found.length, 1, routes);
    assert.match(found[0] ?? '', why);
  }
  // Of links that are down and of routed ones no route is set.
  assert.deepEqual(of(`${route('10.9.0.0/16', '10.1.0.1')}<link state='down'/>`), []);
  assert.deepEqual(
    messages(`<interface>${ips('10.0.0.1')}${route('10.9.0.0/16', '10.1.0.1')}</interface>`),
    [],
  );
});

test('links of the host are to have addresses that a container can have, and one default route with the others', () => {
  const card = `${ips('10.1.0.1', '0.0.0.0')}${route('0.0.0.0', '10.1.0.2')}`;
  const { interfaces = [], hostdevs } = parseDomainOrThrow(
    domain(
      bridged(['10.0.0.1'], route('0.0.0.0', '10.0.0.2')),
      `<hostdev mode='capabilities' type='net'><source><interface>card</interface></source>${card}</hostdev>`,
    ),
  ).devices;
  assert.deepEqual(
    linkFaults(interfaces, hostdevs).map(({ path }) => path),
    ['/domain/devices/hostdev[1]/ip[2]/@address', '/domain/devices/hostdev[1]/route[1]'],
  );
});
