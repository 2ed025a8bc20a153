// Waits for what another process does in its own time.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** Asserts that what the probe sees is as before, once processes that have ended are collected. */
export async function assertUnchanged(
  before: unknown,
  probe: () => Promise<unknown>,
  message?: string,
): Promise<void> {
  let now: unknown;
  const isSame = async () => isDeepStrictEqual((now = await probe()), before);
  // An lxcfs that nobody looks at any more takes some five seconds to end.
  await waitFor('it to be as before', isSame).catch(() => assert.deepEqual(now, before, message));
}

/**
 * Resolves with the first answer that is neither undefined nor false; tells what it waited for in vain. What comes takes none of that
 * time, and how long it takes is no matter of a test: a machine may have much else to do.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(100, pauseMs * 1.5)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(pauseMs);
  }
}
