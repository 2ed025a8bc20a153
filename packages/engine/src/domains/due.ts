// Which schedules are due, by when each was last obeyed.
// SPDX-License-Identifier: Apache-2.0
import { nextTime } from '../schedule/times.js';

const MINUTE_MS = 60_000;

/** A schedule of a domain at one moment. */
export interface Asked {
  readonly uuid: string;
  readonly when: string;
  /** When it was last obeyed; undefined of one that nobody has seen. */
  readonly last: Date | undefined;
  readonly now: Date;
}

/** Remembers the next time of each, which takes long to work out. */
export class Due {
  readonly #next = new Map<
    string,
    { readonly when: string; readonly last: number; readonly at: Date | undefined }
  >();

  /** In the host's zone if none is said. */
  constructor(private readonly zone?: string) {}

  /** `seen` is one that is not, and counts from now on. */
  of({ uuid, when, last: known, now }: Asked): 'due' | 'seen' | 'later' {
    // One that nobody has seen was said after the last look. One whose last time is yet to come begins anew: the clock was ahead then.
    const isNew = known === undefined || known > now;
    const last = isNew ? new Date(now.valueOf() - MINUTE_MS) : known;
    const next = this.next(uuid, when, last);
    if (next !== undefined && next <= now) return 'due';
    return isNew ? 'seen' : 'later';
  }

  next(uuid: string, when: string, last: Date): Date | undefined {
    const known = this.#next.get(uuid);
    if (known?.when === when && known.last === last.valueOf()) return known.at;
    const at = nextTime(when, last, this.zone);
    this.#next.set(uuid, { when, last: last.valueOf(), at });
    return at;
  }
}
