// A daemon without CAP_SYS_RESOURCE gives what it has, and says where that is less than was asked for.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFilesLimit, ownCeilings, within } from './own-limits.js';

const limits = `Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 4096                 files
Max locked memory         8388608              8388608              bytes
`;

test('a capable daemon has no ceiling, another its own hard limits', () => {
  assert.deepEqual(ownCeilings('CapEff:\t000001ffffffffff\n', limits), {});
  assert.deepEqual(ownCeilings('CapEff:\t000001fffeffffff\n', limits), {
    nofile: 4096,
    memlockBytes: 8388608,
  });
  const unlimited = limits.replaceAll('8388608 ', 'unlimited');
  assert.deepEqual(ownCeilings('CapEff:\t0\n', unlimited), { nofile: 4096 });
  assert.ok(ownCeilings());
  assert.equal(openFilesLimit(limits), 1024);
  assert.equal(openFilesLimit('Max open files   unlimited   unlimited   files'), Number.POSITIVE_INFINITY);
  assert.ok(openFilesLimit() > 0);
});

test('what lies above is lowered and named, the rest stays', () => {
  const wanted = { nofile: 9312, memlockBytes: 1024, pids: 5 };
  assert.deepEqual(within(wanted, { nofile: 4096, memlockBytes: 8388608 }), {
    limits: { nofile: 4096, memlockBytes: 1024, pids: 5 },
    lowered: ['nofile'],
  });
  assert.deepEqual(within(wanted, {}), { limits: wanted, lowered: [] });
});
