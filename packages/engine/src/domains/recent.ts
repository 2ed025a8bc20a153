// When something last happened to each domain, for as long as that counts.
// SPDX-License-Identifier: Apache-2.0

/** Moments by domain, each forgotten after a fixed time. */
export class Recent {
  readonly #moments = new Map<string, readonly number[]>();

  constructor(private readonly withinMs: number) {}

  /** What counted when something happened to it last. */
  before(domain: string): readonly number[] {
    return this.#moments.get(domain) ?? [];
  }

  /** Takes note of one more; returns all that count, this one with them. Nothing is kept of domains that are quiet since. */
  note(domain: string, now: number): readonly number[] {
    const counts = (at: number): boolean => now - at < this.withinMs;
    for (const [other, moments] of this.#moments) if (!moments.some(counts)) this.#moments.delete(other);
    const all = [...this.before(domain).filter(counts), now];
    this.#moments.set(domain, all);
    return all;
  }
}
