// Waits of tests: for what has to come, however busy the machine.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 120_000;

/** Resolves once it is so. What does not come fails by its name, long after a busy machine would have brought it. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const late = performance.now() + PATIENCE_MS; !isSo(); await sleep(5))
    assert.ok(performance.now() < late, what);
}
