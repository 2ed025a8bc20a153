// Waits of tests: for what has to come, however busy the host.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** Resolves once it is so. What does not come fails by its name. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !isSo(); await sleep(20))
    assert.ok(performance.now() < deadline, what);
}
