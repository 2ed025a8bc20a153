// The kernel's account of addresses is the same as iproute2's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from '../network/link-addresses.js';
import { addressesOn } from './link-addresses.js';
import { run } from './run.js';

const hex = (addresses: readonly Buffer[]) => addresses.map((bytes) => bytes.toString('hex')).sort();

test('addresses of each link are those that ip shows, and of none there are none', async () => {
  const { stdout } = await run(['/sbin/ip', '-json', 'address', 'show']);
  const links: { ifname: string; addr_info: { local: string }[] }[] = JSON.parse(stdout);
  assert.ok(links.some(({ addr_info: list }) => list.length > 0));
  for (const { ifname, addr_info: list } of links)
    assert.deepEqual(hex(addressesOn([ifname])), hex(list.map(({ local }) => addressBytes(local))), ifname);
  assert.deepEqual(addressesOn([]), []);
  assert.deepEqual(addressesOn(['no-such-link']), []);
});
