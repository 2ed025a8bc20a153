// What comes of a domain's files: counted, given up at any moment, and kept by nobody.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Entry } from '../registry/registry.js';
import { ArrivalJob } from './arrival-job.js';

const MIB = 2 ** 20;

/** The part of an engine that it needs runs for ever. */
const arrivalOf = (): ArrivalJob =>
  new ArrivalJob(
    { record: { name: 'web' } } as Entry,
    { from: undefined, bytes: 0, giveUp: () => true },
    { run: () => new Promise(() => undefined) },
  );

async function* pieces(count: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(MIB, 1);
}

test('of what has passed nothing stays in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  const before = process.memoryUsage().arrayBuffers;
  let passed = 0;
  for await (const piece of arrivalOf().counted(pieces(100))) passed += piece.length;
  assert.equal(passed, 100 * MIB);
  collect();
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 * MIB);
});

test('who leaves waits for no piece, and takes none', async () => {
  const arrival = arrivalOf();
  async function* stuck(): AsyncGenerator<Buffer> {
    yield Buffer.from('one');
    await new Promise(() => undefined);
  }
  const coming = arrival.counted(stuck());
  assert.equal(String((await coming.next()).value), 'one');
  const next = coming.next();
  arrival.leave(new Error('given up'));
  await assert.rejects(next, /given up/);
  await assert.rejects(arrival.counted(pieces(1)).next(), /given up/);
});
