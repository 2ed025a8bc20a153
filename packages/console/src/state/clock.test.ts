// What time it is on the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hearDate, hostNow, isOver } from './clock.js';

function apart(date: Date): number {
  const here = new Date();
  return Math.abs(date.getTime() - here.getTime());
}

test("the host's time goes by what it says itself, and goes on", () => {
  assert.ok(apart(hostNow()) < 1000);
  for (const hours of [3, -30]) {
    const there = new Date();
    there.setHours(there.getHours() + hours);
    hearDate(there);
    assert.ok(Math.abs(hostNow().getTime() - there.getTime()) < 1000);
  }
  hearDate(new Date('no date'));
  assert.ok(apart(hostNow()) > 1e6, 'what is no date changes nothing');
  // As an answer has it, without what is left of its second.
  hearDate(new Date(new Date().toUTCString()));
  assert.ok(apart(hostNow()) < 10, 'what differs by its own coarseness is the same');
});

test('a step is over when the host says so', () => {
  const to = new Date();
  to.setHours(to.getHours() + 1);
  assert.equal(isOver({ to: to.toISOString() }), false);
  to.setHours(to.getHours() + 1);
  hearDate(to);
  assert.equal(isOver({ to: new Date().toISOString() }), true);
  hearDate(new Date());
});
