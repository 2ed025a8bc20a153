// The rules are ones that the kernel takes, and say what libvirt's say.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../errors.js';
import { run } from '../../host/run.js';
import { bridgePlan, networkMember } from '../../testing/network-plan.js';
import type { ForwardPlan, OwnBridge } from '../contract/plan.js';
import { type Ruled, ruleset } from './rules.js';

const needsRoot = process.getuid?.() === 0 ? false : 'namespaces of its own are for root';
const v4 = { address: '192.168.122.1', prefix: 24, family: 4 } as const;
const v6 = { address: 'fd00:7::1', prefix: 64, family: 6 } as const;
const nat = { mode: 'nat', devs: [], addresses: undefined, ports: undefined, ipv6: false } as const;

const alone = (bridge: OwnBridge): Ruled => ({ bridge, members: [] });

/** As the kernel has them. */
const loaded = (...bridges: readonly OwnBridge[]): Promise<string> => loadedWith(...bridges.map(alone));

async function loadedWith(...networks: readonly Ruled[]): Promise<string> {
  const script = 'nft --file - && nft list ruleset';
  const { stdout } = await run(['/usr/bin/unshare', '--net', '--', '/bin/sh', '-ec', script], {
    input: ruleset('ctvirt-test-net', networks),
  });
  return named(stdout);
}

/** Where there is no /etc/protocols nft lists these by number. */
const named = (text: string): string =>
  text
    .replaceAll('{ 6, 17 }', '{ tcp, udp }')
    .replace(/ \. (6|17) \. /g, (_, number) => (number === '6' ? ' . tcp . ' : ' . udp . '));

const chain = (text: string, name: string): string[] =>
  new RegExp(`chain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*?)\\n\\t\\}`)
    .exec(text)?.[1]
    ?.split('\n')
    .map((line) => line.trim()) ?? [];

test('all modes beside each other', { skip: needsRoot }, async () => {
  const modes: readonly ForwardPlan[] = [
    nat,
    { ...nat, devs: ['eth0', 'eth1'], addresses: { start: '192.0.2.1', end: '192.0.2.4' }, ipv6: true },
    {
      ...nat,
      addresses: { start: '2001:db8::1', end: '2001:db8::2' },
      ports: { start: 2000, end: 3000 },
      ipv6: true,
    },
    { mode: 'route', devs: [] },
    { mode: 'none' },
    { mode: 'open' },
  ];
  const text = await loaded(
    ...modes.map((forward, at) =>
      bridgePlan({
        forward,
        name: `virbr${at}`,
        dhcp: [],
        addresses: [
          { ...v4, address: `192.168.${at}.1` },
          { ...v6, address: `fd00:${at}::1` },
        ],
      }),
    ),
  );
  assert.deepEqual(chain(text, 'from_0'), ['ip saddr != 192.168.0.0/24 drop', 'ip6 saddr != fd00::/64 drop']);
  assert.deepEqual(chain(text, 'to_0'), [
    'ip daddr 192.168.0.0/24 ct state established,related accept',
    'ip6 daddr fd00::/64 accept',
    'ct status dnat accept',
    'reject',
  ]);
  assert.deepEqual(chain(text, 'from_1').at(-1), 'oifname != { "eth0", "eth1" } reject');
  assert.deepEqual(chain(text, 'nat4_1'), [
    'oifname "virbr1" ct status dnat masquerade',
    'ip daddr { 192.168.1.0/24, 224.0.0.0/24, 255.255.255.255 } return',
    'oifname != { "eth0", "eth1" } return',
    'meta l4proto { tcp, udp } snat ip to 192.0.2.1-192.0.2.4:1024-65535',
    'snat ip to 192.0.2.1-192.0.2.4',
  ]);
  assert.deepEqual(chain(text, 'nat6_2').slice(2), [
    'meta l4proto { tcp, udp } snat ip6 to [2001:db8::1]-[2001:db8::2]:2000-3000',
    'snat ip6 to 2001:db8::1-2001:db8::2',
  ]);
  assert.deepEqual(chain(text, 'to_3'), [
    'ip daddr 192.168.3.0/24 accept',
    'ip6 daddr fd00:3::/64 accept',
    'ct status dnat accept',
    'reject',
  ]);
  assert.deepEqual(chain(text, 'from_4'), ['reject']);
  assert.ok(!text.includes('virbr5'), 'open has no rules');
});

test('every kind of forward is one that the kernel takes, of both families, also where nothing is translated', {
  skip: needsRoot,
}, async () => {
  const kinds = ['192.0.2.1', '2001:db8::1', undefined].flatMap((address) =>
    [{ dev: 'eth0' }, {}].flatMap((dev) =>
      [22, 2222].map((to) => ({ protocol: 'tcp', address, ...dev, start: 2222, end: 2230, to }) as const),
    ),
  );
  const member = networkMember({ addresses: ['192.168.122.50', 'fd00:7::50'], forwards: kinds });
  for (const mode of ['nat', 'route'] as const) {
    const bridge = bridgePlan({ addresses: [v4, v6], forward: mode === 'nat' ? nat : { mode, devs: [] } });
    const text = await loadedWith({ bridge, members: [member] });
    assert.equal(chain(text, 'forwards').length, 16, text);
    assert.match(text, /"eth0" \. 192\.0\.2\.1 \. tcp \. 2222-2230 : 192\.168\.122\.50/);
    assert.match(text, /tcp \. 2230 : fd00:7::50 \. 30/);
    assert.deepEqual(chain(text, 'nat6_0'), ['oifname "virbr7" ct status dnat masquerade']);
  }
});

test('several subnets of a family are one network', { skip: needsRoot }, async () => {
  const more = { ...v4, address: '192.168.124.1' };
  const text = await loaded(bridgePlan({ addresses: [v4, more, { ...v4, address: '192.168.122.2' }] }));
  assert.deepEqual(chain(text, 'from_0'), [
    'ip saddr != { 192.168.122.0/24, 192.168.124.0/24 } drop',
    'meta nfproto ipv6 drop',
  ]);
  // Newer tools of nftables put each element on a line of its own.
  assert.match(text, /192\.168\.122\.0\/24 : goto nat4_0,\s+192\.168\.124\.0\/24 : goto nat4_0/);
});

test('without a rule there is no table', () => {
  assert.equal(ruleset('t', []), '');
  assert.equal(ruleset('t', [alone(bridgePlan({ forward: { mode: 'open' }, dhcp: [] }))]), '');
});

test('a name that nft would read otherwise is refused', () => {
  for (const name of ['a"b', 'eth*', 'a\nb', '', 'a'.repeat(16)])
    for (const bridge of [bridgePlan({ name }), bridgePlan({ forward: { ...nat, devs: [name] } })])
      assert.throws(
        () => ruleset('t', [alone(bridge)]),
        (error) => error instanceof EngineError && error.code === 'invalid',
        name,
      );
});
