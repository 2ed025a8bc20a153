// Id ranges: disjoint, inside their window, used in turn.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdRanges, privateWindow, RANGE_SIZE, systemWindow } from './id-ranges.js';

test('leases are disjoint and stay in the window, whatever is claimed and released in between', () => {
  const window = { first: 0x40000000, last: 0x40000000 + 20 * RANGE_SIZE - 1 };
  const step = fc.oneof(
    fc.constant({ kind: 'lease' as const }),
    fc.record({ kind: fc.constant('release' as const), index: fc.nat(30) }),
    fc.record({ kind: fc.constant('claim' as const), index: fc.nat(18) }),
  );
  fc.assert(
    fc.property(
      fc.option(fc.string(), { nil: undefined }),
      fc.array(step, { maxLength: 60 }),
      (seed, steps) => {
        const ranges = new IdRanges(window, seed);
        const held = new Set<number>();
        for (const one of steps) {
          if (one.kind === 'lease') {
            if (held.size === 20) {
              assert.throws(() => ranges.lease(), { code: 'in-use' });
              continue;
            }
            const start = ranges.lease();
            assert.ok(!held.has(start), 'leased twice');
            assert.ok(start >= window.first && start + RANGE_SIZE - 1 <= window.last);
            assert.equal((start - window.first) % RANGE_SIZE, 0);
            held.add(start);
          } else if (one.kind === 'claim') {
            const start = window.first + one.index * RANGE_SIZE;
            ranges.claim(start);
            held.add(start);
          } else {
            const start = [...held][one.index];
            if (start === undefined) continue;
            ranges.release(start);
            held.delete(start);
          }
        }
      },
    ),
  );
});

test('a returned range rests while others are free', () => {
  const ranges = new IdRanges(systemWindow);
  const first = ranges.lease();
  ranges.release(first);
  assert.notEqual(ranges.lease(), first);
});

test('the windows of the system and of private roots do not meet', () => {
  assert.ok(systemWindow.last < privateWindow.first);
  assert.ok(privateWindow.last < 0xffffffff - 1, 'the last ids mean nobody');
});

test('overlaps looks at ids, not at starts', () => {
  const ranges = new IdRanges(systemWindow);
  const start = ranges.lease();
  assert.ok(ranges.overlaps(start + 5, 1));
  assert.ok(ranges.overlaps(start - 10, 11));
  assert.ok(!ranges.overlaps(start - 10, 10));
  assert.ok(!ranges.overlaps(start + RANGE_SIZE, 1));
});

test('daemons with roots of their own begin at places of their own', () => {
  const firsts = ['/tmp/a', '/tmp/b', '/srv/c'].map((root) => new IdRanges(privateWindow, root).lease());
  assert.equal(new Set(firsts).size, 3);
  assert.equal(new IdRanges(privateWindow, '/tmp/a').lease(), firsts[0]);
  assert.equal(new IdRanges(systemWindow).lease(), systemWindow.first);
});

test('a range is claimed by any id in it, and by none beyond the window', () => {
  const ranges = new IdRanges(systemWindow);
  ranges.claimAround(systemWindow.first + RANGE_SIZE + 17);
  for (const id of [0, systemWindow.first - 1, systemWindow.last + 1, 0xffffffff]) ranges.claimAround(id);
  assert.ok(ranges.overlaps(systemWindow.first + RANGE_SIZE, 1));
  assert.ok(!ranges.overlaps(systemWindow.first, RANGE_SIZE));
  assert.ok(!ranges.overlaps(0, 1000));
  // A map may lie across two, or begin before the first one.
  ranges.claimAround(systemWindow.first + 4 * RANGE_SIZE - 1, 2);
  assert.deepEqual(
    [2, 3, 4, 5].map((at) => ranges.overlaps(systemWindow.first + at * RANGE_SIZE, 1)),
    [false, true, true, false],
  );
  ranges.claimAround(0, systemWindow.first + 1);
  assert.ok(ranges.overlaps(systemWindow.first, 1));
});
