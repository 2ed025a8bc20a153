// Bytes that are held back, and let go when nobody wants them any more.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paced } from './pace.js';

async function* pieces(count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(1000, at);
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

test('all bytes come, in their order, and no faster than that', async () => {
  const come: Buffer[] = [];
  const slowMs = await tookMs(async () => {
    for await (const piece of paced(pieces(30), 100_000)) come.push(piece);
  });
  assert.deepEqual(
    come.map((piece) => piece[0]),
    Array.from({ length: 30 }, (_, at) => at),
  );
  // 30 kB at 100 kB a second.
  assert.ok(slowMs >= 290, String(slowMs));
});

test('without a pace they come at once', async (t) => {
  // No timer ends any more.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let count = 0;
  for await (const piece of paced(pieces(30))) count += piece.length;
  assert.equal(count, 30_000);
});

test('a wait ends when it is given up', async () => {
  const signal = AbortSignal.timeout(20);
  const run = async () => {
    for await (const _ of paced(pieces(2), 10, signal));
  };
  await assert.rejects(run, { name: 'AbortError' });
});
