// Soft limits: over one for longer than its grace, what it limits is refused as beyond the hard one.
// SPDX-License-Identifier: Apache-2.0
import type { LimitState } from '@ctvirt/api';

/** Where use stands against a soft limit. */
export interface Standing {
  readonly state: LimitState;
  /** When it was first seen over the limit; undefined within it. */
  readonly since: Date | undefined;
  /** When the grace ends or ended. */
  readonly ends: Date | undefined;
}

const within: Standing = { state: 'within', since: undefined, ends: undefined };

/** `since` is what the last look found. */
export function standingOf(
  { used, soft }: { readonly used: number | undefined; readonly soft: number | undefined },
  { since, graceSeconds, now }: { since: Date | undefined; graceSeconds: number; now: Date },
): Standing {
  if (used === undefined || soft === undefined || used <= soft) return within;
  const first = since === undefined || since > now ? now : since;
  const ends = new Date(first.getTime() + graceSeconds * 1000);
  return { state: ends <= now ? 'expired' : 'over', since: first, ends };
}
