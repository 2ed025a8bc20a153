// Pins come back as they were set, and the domain may run where any of its processors may.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes, RpcError } from '@ctvirt/rpc';
import { formatDomain, parseDomainOrThrow } from '@ctvirt/xml';
import fc from 'fast-check';
import { fromCpuMap, placeOf, placesOf, toCpuMap, withPins } from './pinning.js';

const bare = parseDomainOrThrow(
  "<domain type='lxc'><name>x</name><vcpu>3</vcpu><devices><filesystem type='mount'><source dir='/x'/><target dir='/'/></filesystem></devices></domain>",
);
const hostCount = 11;
const processors = fc.uniqueArray(fc.nat({ max: hostCount - 1 }), { minLength: 1 });

test('pins come back through a document and over the wire', () => {
  fc.assert(
    fc.property(fc.array(processors, { minLength: 3, maxLength: 3 }), (lists) => {
      const pins = lists.map((list) => fromCpuMap(toCpuMap(new Set(list), 8), hostCount));
      const read = parseDomainOrThrow(formatDomain(withPins(bare, pins, hostCount)));
      assert.deepEqual(placesOf(read, 3, hostCount), pins.map(sorted));
      assert.deepEqual(sorted(placeOf(read, hostCount)), sorted(pins.flatMap((pin) => [...pin])));
    }),
  );
});

const sorted = (numbers: Iterable<number>): Set<number> => new Set([...numbers].sort((a, b) => a - b));

test('processors that may run in the same places are not noted one by one', () => {
  const same = withPins(bare, [new Set([1]), new Set([1]), new Set([1])], hostCount);
  assert.equal(same.vcpu?.cpuset, '1');
  assert.doesNotMatch(formatDomain(same), /<cputune>/);
});

test('a map of nothing, or of what the host has not got, is refused', () => {
  for (const map of [Buffer.alloc(0), Buffer.alloc(4), Buffer.from([0, 0b1111_1000])])
    assert.throws(
      () => fromCpuMap(map, hostCount),
      (error) => error instanceof RpcError && error.details?.code === errorCodes.invalidArg,
    );
});
