// Elements of nftables' sets, by netlink.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nftables } from './nfnetlink.js';

test('a hundred thousand elements of one set hold nobody up', () => {
  using nftables = new Nftables();
  const key = Buffer.alloc(4);
  const elements = Array.from({ length: 100_000 }, () => ({ family: 'inet', set: 'links', key }) as const);
  const before = process.cpuUsage();
  // No table has that name: whatever the kernel says, all of them were put in order for it.
  assert.notEqual(nftables.change('add', 'ctvirt-test-none', elements), undefined);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 4e6, `${(user + system) / 1e6} s`);
});
