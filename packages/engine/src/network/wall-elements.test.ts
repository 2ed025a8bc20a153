// What a link may say, and that the kernel is told the same whichever way it is told.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { linkPlan as link } from '../testing/link-plan.js';
import type { LinkPlan } from './link-plan.js';
import { wallElements } from './wall-elements.js';

const v4 = { address: '192.0.2.5', prefix: 32, family: 4 } as const;
const v6 = { address: '2001:db8::5', prefix: 128, family: 6 } as const;
const said = (...links: LinkPlan[]): string[] =>
  wallElements(links).map(({ family, set, text }) => `${family} ${set} ${text}`);

test('routed: its addresses, by either of its links, and the link’s own', () => {
  const elements = said(
    link({ addresses: [v4] }),
    link({ name: 'eth1', hostName: 'cv1.1', addresses: [v6] }),
  );
  for (const name of ['cv1.0', 'cv1.1'])
    for (const element of [
      `inet links "${name}"`,
      `arp links "${name}"`,
      `inet sources4 "${name}" . 192.0.2.5`,
      `arp sources4 "${name}" . 192.0.2.5`,
      `inet sources6 "${name}" . 2001:db8:0:0:0:0:0:5`,
      `inet sources6 "${name}" . fe80:0:0:0:5054:ff:fe12:3456`,
    ])
      assert.ok(elements.includes(element), element);
  assert.equal(elements.length, 12);
});

test('bridge: bound are the families the document has addresses of', () => {
  const bridge = (...addresses: LinkPlan['addresses']) => said(link({ kind: 'bridge', addresses }));
  assert.ok(bridge().includes('bridge macs "cv1.0" . 52:54:00:12:34:56'));
  const bound = (elements: readonly string[]) => elements.filter((one) => / bound/.test(one));
  assert.deepEqual(bound(bridge()), []);
  assert.deepEqual(bound(bridge(v4)), ['bridge bound4 "cv1.0"']);
  assert.deepEqual(bound(bridge(v4, v6)), ['bridge bound4 "cv1.0"', 'bridge bound6 "cv1.0"']);
});

test('bridge: a family that its network has not is bound to what the link has of itself', () => {
  const elements = said(link({ kind: 'bridge', addresses: [v4], absent: [6] }));
  assert.deepEqual(
    elements.filter((one) => / (bound|sources6|prefixes6)/.test(one)),
    [
      'bridge sources6 "cv1.0" . 0xfe80000000000000505400fffe123456',
      'bridge bound4 "cv1.0"',
      'bridge bound6 "cv1.0"',
      'bridge prefixes6 "cv1.0" . 0xfe80000000000000',
    ],
  );
});

test('bridge: what is its own is denied to all others, with the gateway', () => {
  const gateways = [{ address: '192.0.2.1', family: 4 }] as const;
  const elements = said(link({ kind: 'bridge', addresses: [v4, { ...v6, prefix: 64 }], gateways }));
  const local = '0xfe80000000000000505400fffe123456';
  for (const element of [
    `bridge taken6 ${local}`,
    `bridge sources6 "cv1.0" . ${local}`,
    'bridge sources6 "cv1.0" . 0x20010db8000000000000000000000005',
    'bridge taken4 192.0.2.1',
    'bridge prefixes6 "cv1.0" . 0xfe80000000000000',
    'bridge prefixes6 "cv1.0" . 0x20010db800000000',
  ])
    assert.ok(elements.includes(element), element);
});

test('nothing is said of what is trusted, nor of what has no end on the host', () => {
  assert.deepEqual(said(link({ isTrusted: true }), link({ kind: 'macvlan', hostName: undefined })), []);
});

test('a key is what the kernel compares: a name of 16 bytes, then whole words', () => {
  const [mac] = wallElements([link({ kind: 'bridge' })]).filter(({ set }) => set === 'macs');
  assert.equal(mac?.key.toString('latin1'), `${'cv1.0'.padEnd(16, '\0')}RT\0\x124V\0\0`);
});

test('a name that nft would read otherwise is refused', () => {
  for (const hostName of ['a"b', 'eth*', 'a\nb', '', 'a'.repeat(16)])
    assert.throws(
      () => wallElements([link({ hostName })]),
      (error) => error instanceof EngineError && error.code === 'invalid',
      hostName,
    );
});
