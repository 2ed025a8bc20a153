// The monitor has other limits than the daemon, and the daemon has its own again afterwards.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { shareOfContainers, withinShare, withMonitorLimits } from './monitor-limits.js';
import { guestLimits, inWords, rlimit } from './rlimits.js';

const all = () => (['nofile', 'sigpending', 'msgqueue'] as const).map(rlimit);

test('within: all descriptors, half of what is counted for root; after it, and after a fault: as before', () => {
  const before = all();
  const [files, signals, queues] = withMonitorLimits(all);
  const most = BigInt(readFileSync('/proc/sys/fs/nr_open', 'utf8').trim());
  assert.ok(files?.hard === most || files?.hard === before[0]?.hard);
  const { sigpending, msgqueue } = guestLimits();
  assert.equal(signals?.soft, shareOfContainers(sigpending).soft);
  assert.equal(queues?.soft, shareOfContainers(msgqueue).soft);
  assert.deepEqual(all(), before);
  assert.throws(() =>
    withMonitorLimits(() => {
      throw new Error('no program');
    }),
  );
  assert.deepEqual(all(), before);
});

test('half, and infinity stays; words of liblxc', () => {
  const infinite = 2n ** 64n - 1n;
  assert.deepEqual(shareOfContainers({ soft: 9n, hard: 12n }), { soft: 4n, hard: 12n });
  assert.deepEqual(shareOfContainers({ soft: infinite, hard: infinite }), { soft: infinite, hard: infinite });
  assert.equal(inWords({ soft: 1024n, hard: infinite }), '1024:unlimited');
  assert.equal(withinShare(1), 1);
  assert.ok(BigInt(withinShare(2 ** 50)) <= guestLimits().sigpending.soft);
});
