// The keyed queue: one at a time for a key, side by side for others.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { askedBy } from './asking.js';
import { KeyedQueue } from './queue.js';

test('operations of one key never overlap and keep their order', async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const operation = (name: string) => async () => {
    log.push(`${name} begins`);
    await turn();
    await turn();
    log.push(`${name} ends`);
  };
  await Promise.all(['a', 'b', 'c'].map((name) => queue.run('key', operation(name))));
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('operations of different keys go on side by side', async () => {
  const queue = new KeyedQueue();
  let under = 0;
  let most = 0;
  const operation = async () => {
    most = Math.max(most, ++under);
    await turn();
    under--;
  };
  await Promise.all(['a', 'b', 'c'].map((key) => queue.run(key, operation)));
  assert.equal(most, 3);
});

test('a failure is its caller’s alone', async () => {
  const queue = new KeyedQueue();
  const failed = queue.run('key', () => Promise.reject(new Error('no')));
  const after = queue.run('key', async () => 'yes');
  await assert.rejects(failed);
  assert.equal(await after, 'yes');
  await queue.idle();
});

test('whoever has left before the turn gets none, and whoever leaves later gets all of it', async () => {
  const queue = new KeyedQueue();
  const done: string[] = [];
  let letGo = (): void => undefined;
  const holding = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const holder = queue.run('key', () => holding);
  const [early, late] = [new AbortController(), new AbortController()];
  const operation = (name: string, during: () => void) => async () => {
    during();
    await turn();
    // Of the same request.
    await queue.run('other key', async () => void done.push(name));
  };
  const left = askedBy(early.signal, () =>
    queue.run(
      'key',
      operation('early', () => undefined),
    ),
  );
  const kept = askedBy(late.signal, () =>
    queue.run(
      'key',
      operation('late', () => late.abort()),
    ),
  );
  early.abort();
  letGo();
  await assert.rejects(left, { code: 'interrupted' });
  await Promise.all([holder, kept]);
  assert.deepEqual(done, ['late']);
});
