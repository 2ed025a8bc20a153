// Elements of nftables' sets, by netlink.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInOwnNetwork } from '../testing/own-namespace.js';
import { Nftables } from './nfnetlink.js';
import { run } from './run.js';

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

// Where others change tables as well there may be more to tell than the kernel keeps.
if (isInOwnNetwork(import.meta.url))
  test('what others do to a table is told, also between its load and the time that is told', async () => {
    const name = 'ctvirt-test';
    const nft = (input: string) => run(['/usr/sbin/nft', '-f', '-'], { input });
    const table = `table inet ${name} { chain own { accept; }; }`;
    using nftables = new Nftables();
    try {
      nftables.watch();
      await nft(`add rule inet ${name} own drop`).catch(() => undefined);
      await nft(table);
      nftables.loaded(name);
      assert.equal(nftables.isChanged(name), false, 'nobody');
      await nft(`flush chain inet ${name} own`);
      assert.equal(nftables.isChanged(name), true, 'later');
      assert.equal(nftables.isChanged(name), false, 'told once');
      for (const others of [
        `flush chain inet ${name} own`,
        `add table inet ${name}; flush table inet ${name}`,
        table,
      ]) {
        await nft(`delete table inet ${name}; ${table}`);
        await nft(others);
        nftables.loaded(name);
        assert.equal(nftables.isChanged(name), true, others);
        assert.equal(nftables.isChanged(name), false, 'told once');
      }
      await nft(`flush chain inet ${name} own`);
      await nft(`delete table inet ${name}; ${table}`);
      nftables.loaded(name);
      assert.equal(nftables.isChanged(name), false, 'undone by the load');
    } finally {
      await nft(`delete table inet ${name}`);
    }
  });
