// How long a domain that reboots itself again and again waits before its next start: without end it would keep the host at work.
// SPDX-License-Identifier: Apache-2.0

/** So many reboots within the time happen at once, as an installation or an update may need them. */
const FREE = { times: 5, withinMs: 60_000 };
const SHORTEST_MS = 1000;
const LONGEST_MS = 10_000;

export class RebootPace {
  readonly #reboots = new Map<string, readonly number[]>();

  /** Takes note of a reboot; answers how long to wait, and whether the one before did not have to. */
  next(name: string, now = performance.now()): { pauseMs: number; isFirst: boolean } {
    const before = this.#reboots.get(name) ?? [];
    const recent = [...before, now].filter((at) => now - at < FREE.withinMs);
    this.#reboots.set(name, recent);
    const beyond = recent.length - FREE.times;
    if (beyond <= 0) return { pauseMs: 0, isFirst: false };
    return {
      pauseMs: Math.min(SHORTEST_MS * 2 ** (beyond - 1), LONGEST_MS),
      isFirst: before.length <= FREE.times,
    };
  }
}
