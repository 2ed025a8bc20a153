// Id ranges: disjoint, inside their window, used in turn.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdRanges, type NamedIds, privateWindow, RANGE_SIZE, systemWindow } from './id-ranges.js';

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
        const ranges = new IdRanges(window, () => [], seed);
        const held = new Set<number>();
        for (const one of steps) {
          if (one.kind === 'lease') {
            if (held.size === 20) {
              assert.throws(() => ranges.lease('a'), { code: 'in-use' });
              continue;
            }
            const start = ranges.lease('a');
            assert.ok(!held.has(start), 'leased twice');
            assert.ok(start >= window.first && start + RANGE_SIZE - 1 <= window.last);
            assert.equal((start - window.first) % RANGE_SIZE, 0);
            held.add(start);
          } else if (one.kind === 'claim') {
            const start = window.first + one.index * RANGE_SIZE;
            ranges.claim(start, 'a');
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
  const ranges = new IdRanges(systemWindow, () => []);
  const first = ranges.lease('a');
  ranges.release(first);
  assert.notEqual(ranges.lease('a'), first);
});

test('the windows of the system and of private roots do not meet', () => {
  assert.ok(systemWindow.last < privateWindow.first);
  assert.ok(privateWindow.last < 0xffffffff - 1, 'the last ids mean nobody');
});

test('whose ids are whose is asked of ids, not of starts, and never of the own ones', () => {
  const ranges = new IdRanges(systemWindow, () => []);
  const start = ranges.lease('a');
  const of = (first: number, count: number, own = 'b') => ranges.sharers(own, 'uid', { first, count });
  assert.equal(of(start + 5, 1), "domain 'a'");
  assert.equal(of(start - 10, 11), "domain 'a'");
  assert.equal(of(start - 10, 10), undefined);
  assert.equal(of(start + RANGE_SIZE, 1), undefined);
  assert.equal(of(start, 1, 'a'), undefined);
  ranges.lease('c');
  assert.equal(of(start, 2 * RANGE_SIZE), "domain 'a' and 1 more");
});

test('nobody is leased what a document names, whether of users or of groups, as long as it does', () => {
  const { first } = systemWindow;
  const named = new Map<string, NamedIds>();
  const ranges = new IdRanges(systemWindow, () => named);
  named.set('users', { uid: [{ first: first + 1000, count: RANGE_SIZE }], gid: [] });
  named.set('groups', { uid: [], gid: [{ first: first + 3 * RANGE_SIZE - 1, count: 1 }] });
  assert.equal(ranges.lease('a'), first + 3 * RANGE_SIZE);
  assert.equal(ranges.sharers('a', 'uid', { first, count: RANGE_SIZE }), "domain 'users'");
  assert.equal(ranges.sharers('a', 'gid', { first, count: RANGE_SIZE }), undefined);
  // Files that outlive their domain have the ids of its map.
  named.clear();
  ranges.keep('gone~1', {
    ids: null,
    mapped: { uid: [{ first: first + 4 * RANGE_SIZE, count: 1 }], gid: [] },
  });
  assert.equal(ranges.lease('b'), first + 5 * RANGE_SIZE);
  assert.equal(
    ranges.sharers('a', 'uid', { first: first + 4 * RANGE_SIZE, count: 1 }),
    "the kept root 'gone~1'",
  );
  ranges.unkeep('gone~1');
  assert.equal(ranges.sharers('a', 'uid', { first: first + 4 * RANGE_SIZE, count: 1 }), undefined);
});

test('a range that was kept with files is theirs, and the domain that gets them has it', () => {
  const ranges = new IdRanges(systemWindow, () => []);
  const start = ranges.lease('a');
  ranges.keep('a~1', { ids: { start } });
  assert.notEqual(ranges.lease('a'), start);
  const of = (own: string) => ranges.sharers(own, 'uid', { first: start, count: 1 });
  assert.equal(of('a'), "the kept root 'a~1'");
  ranges.unkeep('a~1');
  ranges.claim(start, 'b');
  assert.equal(of('a'), "domain 'b'");
});

test('daemons with roots of their own begin at places of their own', () => {
  const firsts = ['/tmp/a', '/tmp/b', '/srv/c'].map((root) =>
    new IdRanges(privateWindow, () => [], root).lease('a'),
  );
  assert.equal(new Set(firsts).size, 3);
  assert.equal(new IdRanges(privateWindow, () => [], '/tmp/a').lease('a'), firsts[0]);
  assert.equal(new IdRanges(systemWindow, () => []).lease('a'), systemWindow.first);
});

test('what a stray container has is leased to nobody, wherever it lies', () => {
  const { first, last } = systemWindow;
  const ranges = new IdRanges(systemWindow, () => []);
  for (const id of [0, first - 1, last + 1, 0xffffffff]) ranges.claimStray({ first: id, count: 1 });
  assert.equal(ranges.lease('a'), first);
  // A map may lie across two ranges, or begin before the first one.
  ranges.claimStray({ first: first + 2 * RANGE_SIZE - 1, count: 2 });
  assert.deepEqual(
    [1, 2, 3].map((at) => ranges.everLeased(first + at * RANGE_SIZE)),
    [true, true, false],
  );
  assert.equal(ranges.lease('b'), first + 3 * RANGE_SIZE);
  assert.equal(
    ranges.sharers('b', 'gid', { first: first + RANGE_SIZE, count: RANGE_SIZE }),
    'a container whose domain is known no more',
  );
  ranges.claimStray({ first: 0, count: first + 1 });
  assert.match(ranges.sharers('b', 'uid', { first, count: 1 }) ?? '', /^domain 'a' and 1 more$/);
});
