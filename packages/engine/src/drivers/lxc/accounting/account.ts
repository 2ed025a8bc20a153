// What is remembered of one run of a domain: the most it held, and how often it was refused.
// SPDX-License-Identifier: Apache-2.0
import type { Readings } from './readings.js';
import { type Refusal, refusalReads, refusals, type Source, sourcesOf } from './sources.js';

/** Of one counter of the kernel's: where it stood at the last look, and what it came to in this run. */
interface Tally {
  readonly seen: number;
  readonly total: number;
}

/** A counter that rose since the last look. */
export interface Rise {
  readonly refusal: Refusal;
  readonly by: number;
  readonly total: number;
}

/** Highest values and refusals of one run. */
export class Account {
  readonly #most: Map<string, number>;
  readonly #tallies: Map<string, Tally>;
  readonly #sources: readonly Source[];
  /** What this kernel counts. */
  readonly #counting = new Set<Refusal>();
  /** What it held at the last look. */
  readonly #held = new Map<string, number | null>();
  /** What the kernel keeps the maximum of. */
  readonly #remembered = new Set<string>();
  #isChanged = false;

  constructor(
    private readonly version: 1 | 2,
    state: AccountState = { maxheld: {}, refusals: {} },
  ) {
    this.#sources = sourcesOf(version);
    this.#most = new Map(Object.entries(state.maxheld));
    this.#tallies = new Map(Object.entries(state.refusals));
  }

  /** Takes a look at what is held; `whole` also at what the kernel remembers by itself. */
  look(readings: Readings, { whole }: { whole: boolean }): void {
    for (const { key, held, peak } of this.#sources) {
      const now = held?.(readings) ?? null;
      this.#held.set(key, now);
      if (!whole && this.#remembered.has(key)) continue;
      const most = peak?.(readings) ?? null;
      if (most !== null) this.#remembered.add(key);
      const seen = Math.max(most ?? -1, now ?? -1);
      if (seen < 0 || seen <= (this.#most.get(key) ?? -1)) continue;
      this.#most.set(key, seen);
      this.#isChanged = true;
    }
  }

  /** What it held at the last look; null where that is not told. */
  held(key: string): number | null {
    return this.#held.get(key) ?? null;
  }

  /** Whether the most it held is known from looks only, not from the kernel. */
  isSampled(key: string): boolean {
    return !this.#remembered.has(key);
  }

  /** Takes a look at the counters of refusals; returns those that rose. */
  count(readings: Readings): Rise[] {
    return refusals.flatMap((refusal): Rise[] => {
      const now = refusalReads[this.version][refusal](readings);
      if (now === null) return [];
      this.#counting.add(refusal);
      const { seen, total } = this.#tallies.get(refusal) ?? { seen: 0, total: 0 };
      if (now === seen) return [];
      // Somebody may have set the kernel's counter back: what it came to in this run never falls.
      const by = now > seen ? now - seen : now;
      this.#tallies.set(refusal, { seen: now, total: total + by });
      this.#isChanged = true;
      return by === 0 ? [] : [{ refusal, by, total: total + by }];
    });
  }

  maxheld(key: string): number | null {
    return this.#most.get(key) ?? null;
  }

  /** How often this run was refused so until the last look; null where this kernel does not count it. */
  counted(refusal: Refusal): number | null {
    return this.#tallies.get(refusal)?.total ?? (this.#counting.has(refusal) ? 0 : null);
  }

  /** How often it was refused anything until the last look. */
  get refused(): number {
    return [...this.#tallies.values()].reduce((sum, { total }) => sum + total, 0);
  }

  /** How often this run was refused so; null where this kernel does not count it. */
  total(refusal: Refusal, readings: Readings): number | null {
    const known = this.#tallies.get(refusal)?.total;
    return known ?? (refusalReads[this.version][refusal](readings) === null ? null : 0);
  }

  /** What a later daemon needs to go on, if it has changed since it was asked for last. */
  takeChanges(): string | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    const state: AccountState = {
      maxheld: Object.fromEntries(this.#most),
      refusals: Object.fromEntries(this.#tallies),
    };
    return `${JSON.stringify(state)}\n`;
  }
}

/** An account as it is written down. */
export interface AccountState {
  readonly maxheld: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, Tally>>;
}

/** Undefined for what no daemon of this version wrote. */
export function parseAccount(text: string): AccountState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // cut off or spoilt, said by whoever asked
  }
  if (!isObject(value)) return undefined;
  const { maxheld, refusals: tallies } = value;
  return isRecordOf(maxheld, isCount) && isRecordOf(tallies, isTally)
    ? { maxheld, refusals: tallies }
    : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isTally = (value: unknown): value is Tally =>
  isObject(value) && isCount(value['seen']) && isCount(value['total']);
const isRecordOf = <T>(
  value: unknown,
  is: (one: unknown) => one is T,
): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(is);
