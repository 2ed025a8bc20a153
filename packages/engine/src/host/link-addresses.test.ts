// The kernel's account of addresses is the same as iproute2's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { addressBytes } from '../network/link-addresses.js';
import { isInOwnNetwork } from '../testing/own-namespace.js';
import { addressesOn } from './link-addresses.js';
import { isOwnAddress } from './routes.js';
import { run } from './run.js';

const hex = (addresses: readonly Buffer[]) => addresses.map((bytes) => bytes.toString('hex')).sort();

if (isInOwnNetwork(import.meta.url)) {
  for (const words of [
    'link set lo up',
    'link add v0 type veth peer v1',
    'link set v0 up',
    'address add 192.0.2.7/24 dev v0',
    'address add 2001:db8::7/64 dev v0 nodad',
    'address add 198.51.100.7/24 dev v1',
  ])
    execFileSync('/sbin/ip', words.split(' '));

  test('addresses of each link are those that ip shows, and of none there are none', async () => {
    const { stdout } = await run(['/sbin/ip', '-json', 'address', 'show']);
    const links: { ifname: string; addr_info: { local: string }[] }[] = JSON.parse(stdout);
    assert.ok(links.some(({ addr_info: list }) => list.length > 1));
    for (const { ifname, addr_info: list } of links)
      assert.deepEqual(hex(addressesOn([ifname])), hex(list.map(({ local }) => addressBytes(local))), ifname);
    assert.deepEqual(addressesOn([]), []);
    assert.deepEqual(addressesOn(['no-such-link']), []);
  });

  test('which addresses are the host’s own', async () => {
    const { stdout } = await run(['/sbin/ip', '-json', 'address', 'show', 'up']);
    const links: { addr_info?: { local: string }[] }[] = JSON.parse(stdout);
    const own = links.flatMap(({ addr_info: list = [] }) => list.map(({ local }) => local));
    for (const address of [...own, '127.0.0.1', '127.3.4.5', '0.0.0.0'])
      assert.ok(isOwnAddress(addressBytes(address)), address);
    for (const address of ['192.0.2.77', '2001:db8::77', '224.0.0.1', '255.255.255.255'])
      assert.ok(!isOwnAddress(addressBytes(address)), address);
  });
}
