// The checker of answers itself: what it must take, and what it must not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Event, faultIn, type Verb } from '../campaign/linear.js';

let client = 0;
const event = (verb: Verb, answer: string, called: number, answered: number, isLibvirt = false): Event => ({
  verb,
  answer,
  called,
  answered,
  client: client++,
  isLibvirt,
});

test('answers that some order makes true', () => {
  const overlapping = [
    event('start', 'done', 0, 10),
    event('state', 'running', 4, 5),
    event('state', 'shutoff', 1, 9),
  ];
  assert.equal(faultIn(overlapping, 'shutoff', 'running'), undefined);
  const twice = [event('start', 'wrong-state', 0, 10), event('start', 'done', 5, 6)];
  assert.equal(faultIn(twice, 'shutoff', 'running'), undefined);
  const again = [event('suspend', 'done', 0, 1), event('suspend', 'done', 2, 3, true)];
  assert.equal(faultIn(again, 'running', 'paused'), undefined);
});

test('answers that none does', () => {
  const stale = [event('start', 'done', 0, 1), event('state', 'shutoff', 2, 3)];
  assert.match(faultIn(stale, 'shutoff') ?? '', /state: shutoff is not true where it may be running/);
  const both = [event('start', 'done', 0, 10), event('start', 'done', 0, 10)];
  assert.notEqual(faultIn(both, 'shutoff'), undefined);
  assert.match(faultIn([event('start', 'done', 0, 1)], 'shutoff', 'shutoff') ?? '', /at the end/);
});
