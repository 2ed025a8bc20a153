// How fast bytes go.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** No more of them in a second than that; all that can if nothing is said. */
export async function* paced(
  pieces: AsyncIterable<Buffer>,
  bytesPerSecond = Number.POSITIVE_INFINITY,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const beganMs = performance.now();
  let sent = 0;
  for await (const piece of pieces) {
    yield piece;
    sent += piece.length;
    const aheadMs = beganMs + (1000 * sent) / bytesPerSecond - performance.now();
    if (aheadMs > 0) await sleep(aheadMs, undefined, { signal });
  }
}
