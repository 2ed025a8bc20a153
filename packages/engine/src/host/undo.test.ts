// Undo: inverses run last first, all of them, unless the operation is kept.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Undo } from './undo.js';

test('leaving the scope undoes, last first', async () => {
  const log: number[] = [];
  {
    await using undo = new Undo();
    undo.push(() => log.push(1));
    undo.push(async () => log.push(2));
  }
  assert.deepEqual(log, [2, 1]);
});

test('what is kept stays', async () => {
  const log: number[] = [];
  {
    await using undo = new Undo();
    undo.push(() => log.push(1));
    undo.keep();
    undo.push(() => log.push(2));
  }
  assert.deepEqual(log, [2]);
});

test('one inverse that fails does not keep the others from running, and is told', async () => {
  const log: number[] = [];
  const undo = new Undo();
  undo.push(() => log.push(1));
  undo.push(() => {
    throw new Error('no');
  });
  await assert.rejects(async () => await undo[Symbol.asyncDispose](), AggregateError);
  assert.deepEqual(log, [1]);
});
