// Which backups or snapshots stay: a rule over their times, whatever keeps them.
// SPDX-License-Identifier: Apache-2.0

/** How many of each kind stay. */
export interface Keep {
  readonly last?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
}

/** Something that was made at a time. */
interface Taken {
  /** RFC 3339. */
  readonly takenAt: string;
}

/** The oldest first. */
export const byTime = (one: Taken, other: Taken): number =>
  Date.parse(one.takenAt) - Date.parse(other.takenAt);

const DAY_MS = 86_400_000;
/** Weeks begin on Monday; the first day of all was a Thursday. */
const MONDAY = 3;

const dayOf = (time: number): number => Math.floor(time / DAY_MS);

/** What times have in common of which one stays; all of UTC. */
const periods = {
  last: (_time: number, at: number): string => `${at}`,
  daily: (time: number): string => `${dayOf(time)}`,
  weekly: (time: number): string => `${Math.floor((dayOf(time) + MONDAY) / 7)}`,
  monthly: (time: number): string => new Date(time).toISOString().slice(0, 7),
} as const satisfies Record<keyof Keep, (time: number, at: number) => string>;

/**
 * Those that stay, newest first: the newest one of each of the last days, weeks and months that have one. Periods without any do
 * not count, so that a host which was off for a month loses nothing when it is back.
 */
export function retained<T extends Taken>(generations: readonly T[], keep: Keep): T[] {
  const newestFirst = [...generations].sort((a, b) => byTime(b, a));
  const stays = new Set<T>();
  for (const kind of ['last', 'daily', 'weekly', 'monthly'] as const) {
    const seen = new Set<string>();
    for (const [at, generation] of newestFirst.entries()) {
      const period = periods[kind](Date.parse(generation.takenAt), at);
      if (seen.has(period) || seen.size >= (keep[kind] ?? 0)) continue;
      seen.add(period);
      stays.add(generation);
    }
  }
  return newestFirst.filter((generation) => stays.has(generation));
}
