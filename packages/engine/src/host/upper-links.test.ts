// What lies above a bridge, however it is piled up.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { isInOwnNetwork } from '../testing/own-namespace.js';
import { run } from './run.js';
import { type StackedLink, stackOn, withLinksAbove } from './upper-links.js';

const link = (index: number, name: string, lower?: number, master?: number): StackedLink => ({
  ...{ index, name, lower, master },
});

test('VLANs, macvlans, VLANs in VLANs and the bridges they are ports of lie above a bridge, its ports do not', () => {
  const links = [
    link(1, 'lo'),
    // The kernel lists by number, and numbers may be given to links again.
    link(2, 'br1.10.20', 9),
    link(3, 'br1'),
    link(4, 'uplink', undefined, 3),
    link(5, 'uplink.10', 4),
    link(6, 'other'),
    link(7, 'other.10', 6),
    link(8, 'macvlan0', 3),
    link(9, 'br1.10', 3, 10),
    link(10, 'br10'),
    link(11, 'of another namespace', undefined, undefined),
  ];
  assert.deepEqual(stackOn([3], links), ['br1.10.20', 'br1', 'macvlan0', 'br1.10', 'br10']);
  assert.deepEqual(stackOn([6], links), ['other', 'other.10']);
  assert.deepEqual(stackOn([9], links), ['br1.10.20', 'br1.10', 'br10']);
  // What a port's bridge has goes over the port, too.
  assert.equal(stackOn([4], links).length, 7);
  assert.deepEqual(stackOn([], links), []);
  assert.deepEqual(stackOn([0], links), []);
});

if (isInOwnNetwork(import.meta.url))
  test('each link of a host is found by its name, with what ip shows above it', async () => {
    for (const words of ['br1 type bridge', 'v0 type veth peer v1', 'm0 link v0 type macvlan'])
      execFileSync('/sbin/ip', ['link', 'add', ...words.split(' ')]);
    execFileSync('/sbin/ip', ['link', 'set', 'm0', 'master', 'br1']);
    const { stdout } = await run(['/sbin/ip', '-json', 'link', 'show']);
    const links: { ifname: string; link?: string; link_netnsid?: number }[] = JSON.parse(stdout);
    for (const { ifname } of links) {
      const found = withLinksAbove([ifname]);
      assert.ok(found.includes(ifname), ifname);
      for (const { ifname: upper, link: lower, link_netnsid: other } of links)
        if (lower === ifname && other === undefined)
          assert.ok(found.includes(upper), `${upper} on ${ifname}`);
    }
    assert.deepEqual(withLinksAbove(['v0']).sort(), ['br1', 'm0', 'v0', 'v1']);
    assert.deepEqual(withLinksAbove(['no-such-link']), []);
  });
