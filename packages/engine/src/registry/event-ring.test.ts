// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventRing } from './event-ring.js';

function filled(count: number, startMs = 5) {
  const ring = new EventRing<{ readonly seq: number }>(startMs, 4);
  for (let at = 0; at < count; at++) ring.keep({ seq: ring.next() });
  return ring;
}
const numbers = (ring: EventRing<{ readonly seq: number }>, since?: number) => {
  const { events, gap } = ring.past(since);
  return gap === undefined ? events.map(({ seq }) => seq) : `${gap.detail} ${gap.seq}`;
};

test('who says which event was his last gets those after it', () => {
  const ring = filled(3);
  assert.deepEqual(numbers(ring), [5001, 5002, 5003]);
  assert.deepEqual(numbers(ring, 5001), [5002, 5003]);
  assert.deepEqual(numbers(ring, 5003), []);
  assert.deepEqual(numbers(filled(0)), []);
  assert.deepEqual(numbers(filled(0), 5000), []);
});

test('the oldest make room, and who missed them is told so', () => {
  const ring = filled(10);
  assert.deepEqual(numbers(ring), [5007, 5008, 5009, 5010]);
  assert.deepEqual(numbers(ring, 5006), [5007, 5008, 5009, 5010]);
  assert.equal(numbers(ring, 5005), 'forgotten 5010');
});

test('numbers of an earlier daemon are known as such, whichever way the clock was set meanwhile', () => {
  assert.equal(numbers(filled(3, 6), 5003), 'restarted 6003');
  assert.equal(numbers(filled(3, 5), 9003), 'restarted 5003');
  assert.equal(numbers(filled(3), 0), 'restarted 5003');
});
