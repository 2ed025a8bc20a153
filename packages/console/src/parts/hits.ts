// When a domain met which limit: the last time, and how often in each hour of the span that is kept by the minute.
// SPDX-License-Identifier: Apache-2.0
import type { WallHit } from '@ctvirt/api/browser';

/** So far back hits are counted. */
export const hitHours = 26;
const hourMs = 3_600_000;

/** Of one resource. */
export interface Hits {
  /** RFC 3339. */
  readonly last: string;
  readonly total: number;
  /** The last hour at the end. */
  readonly hours: readonly number[];
}

/** Of each resource that was hit, in the order of time as the daemon tells them. */
export function hitsOf(walls: readonly WallHit[], now: Date): ReadonlyMap<string, Hits> {
  const found = new Map<string, Hits>();
  for (const { resource, at, rise } of walls) {
    const known = found.get(resource);
    const hours = [...(known?.hours ?? Array<number>(hitHours).fill(0))];
    // What the host's clock put ahead is of this hour.
    const back = Math.max(0, Math.floor((now.getTime() - new Date(at).getTime()) / hourMs));
    const isWithin = back < hitHours;
    if (isWithin) hours[hitHours - 1 - back] = (hours[hitHours - 1 - back] ?? 0) + rise;
    found.set(resource, { last: at, total: (known?.total ?? 0) + (isWithin ? rise : 0), hours });
  }
  return found;
}
