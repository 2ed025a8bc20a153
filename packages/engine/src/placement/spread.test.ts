// Everybody gets what was asked for, processors are used evenly, and few are moved for it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Place, spread } from './spread.js';

const span = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const place = (within: readonly number[], count: number, at: readonly number[] = []): Place => ({
  within,
  count,
  at,
  isHeld: false,
});
const loadsOf = (hostCpus: number, places: readonly (readonly number[])[]): number[] =>
  span(hostCpus).map((processor) => places.filter((at) => at.includes(processor)).length);
const unevenness = (loads: readonly number[]): number => Math.max(...loads) - Math.min(...loads);
const differ = (one: readonly number[], other: readonly number[]): boolean => one.join() !== other.join();

/** A host, and of each domain how many processors it wants. */
const crowd = fc.integer({ min: 1, max: 12 }).chain((hostCpus) =>
  fc.record({
    hostCpus: fc.constant(hostCpus),
    counts: fc.array(fc.integer({ min: 1, max: hostCpus }), { maxLength: 30 }),
  }),
);

test('each gets as many as it wants, once each and of its own; loads differ by one at most', () => {
  fc.assert(
    fc.property(crowd, ({ hostCpus, counts }) => {
      const found = spread(counts.map((count) => place(span(hostCpus), count)));
      for (const [index, at] of found.entries()) assert.equal(new Set(at).size, counts[index]);
      assert.ok(found.flat().every((processor) => processor < hostCpus));
      assert.ok(unevenness(loadsOf(hostCpus, found)) <= 1);
    }),
  );
});

test('one after the other they come to lie as evenly as together, and nobody is moved for it', () => {
  fc.assert(
    fc.property(crowd, ({ hostCpus, counts }) => {
      let places: Place[] = [];
      for (const count of counts) {
        const asked = [...places, place(span(hostCpus), count)];
        const found = spread(asked);
        for (const [index, { at }] of places.entries()) assert.deepEqual(found[index], at);
        places = asked.map((each, index) => ({ ...each, at: found[index] ?? [] }));
      }
      const loads = loadsOf(
        hostCpus,
        places.map(({ at }) => at),
      );
      assert.ok(unevenness(loads) <= 1);
    }),
  );
});

test('when some end it is even again, and no more are moved than those that ended had processors', () => {
  fc.assert(
    fc.property(crowd, fc.array(fc.boolean(), { maxLength: 30 }), ({ hostCpus, counts }, ends) => {
      const all = counts.map((count) => place(span(hostCpus), count));
      const placed = spread(all).map((at, index) => place(span(hostCpus), counts[index] ?? 0, at));
      const left = placed.filter((_, index) => ends[index] !== true);
      const freed = placed
        .filter((_, index) => ends[index] === true)
        .reduce((sum, { count }) => sum + count, 0);
      const found = spread(left);
      assert.ok(unevenness(loadsOf(hostCpus, found)) <= 1);
      const moved = left.filter(({ at }, index) => differ(at, found[index] ?? [])).length;
      assert.ok(moved <= freed, `${moved} moved for ${freed}`);
      const before = loadsOf(
        hostCpus,
        left.map(({ at }) => at),
      );
      if (unevenness(before) <= 1) assert.equal(moved, 0, 'it was even');
    }),
  );
});

test('more or fewer for one that runs: it keeps what it can, and the others make room', () => {
  const host = span(4);
  const [more = [], other] = spread([place(host, 3, [1]), place(host, 1, [0])]);
  assert.ok(more.includes(1) && more.length === 3);
  assert.deepEqual(other, [0]);
  assert.deepEqual(spread([place(host, 1, [0, 1]), place(host, 1, [0])]), [[1], [0]]);
});

test('lists keep domains to a part of the host; those that are held, and all others, stay where they are', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          within: fc.uniqueArray(fc.nat({ max: 7 }), { minLength: 1 }),
          at: fc.uniqueArray(fc.nat({ max: 7 })),
          count: fc.integer({ min: 1, max: 8 }),
          isHeld: fc.boolean(),
        }),
        { maxLength: 20 },
      ),
      (places) => {
        for (const [index, found] of spread(places).entries()) {
          const { within, at, count, isHeld } = places[index] ?? assert.fail();
          if (isHeld) assert.deepEqual(new Set(found), new Set(at));
          else {
            assert.equal(found.length, Math.min(count, within.length));
            assert.ok(found.every((processor) => within.includes(processor)));
          }
        }
      },
    ),
  );
  const pinned: Place = { within: [0], count: 1, at: [0], isHeld: true };
  assert.deepEqual(spread([pinned, pinned, place([0, 1], 1, [0])]), [[0], [0], [1]], 'out of their way');
});

test('beside others that stay each comes to lie where it would if those were held', () => {
  fc.assert(
    fc.property(crowd, fc.nat(30), ({ hostCpus, counts }, first) => {
      const all = counts.map((count) => place(span(hostCpus), count));
      const others = spread(all.slice(0, first)).map((at) => ({ ...place(at, at.length, at), isHeld: true }));
      const more = all.slice(first);
      assert.deepEqual(spread(more, others), spread([...others, ...more]).slice(others.length));
    }),
  );
});
