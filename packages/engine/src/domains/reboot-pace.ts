// How long a domain that reboots itself again and again waits before its next start: without end it would keep the host at work.
// SPDX-License-Identifier: Apache-2.0
import { Recent } from './recent.js';

/** So many reboots within the time happen at once, as an installation or an update may need them. */
const FREE = { times: 5, withinMs: 60_000 };
const SHORTEST_MS = 1000;
const LONGEST_MS = 10_000;

/** Counts the reboots of each domain, and returns how long to wait before the next start. */
export class RebootPace {
  readonly #reboots = new Recent(FREE.withinMs);

  /** Takes note of a reboot of the domain with this UUID: a later one of its name has a pace of its own. Returns how long to wait, and whether the one before did not have to. */
  next(uuid: string, now = performance.now()): { pauseMs: number; isFirst: boolean } {
    const before = this.#reboots.before(uuid);
    const beyond = this.#reboots.note(uuid, now).length - FREE.times;
    if (beyond <= 0) return { pauseMs: 0, isFirst: false };
    return {
      pauseMs: Math.min(SHORTEST_MS * 2 ** (beyond - 1), LONGEST_MS),
      isFirst: before.length <= FREE.times,
    };
  }
}
