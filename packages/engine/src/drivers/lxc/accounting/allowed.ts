// What a document allows of each beancounter, and where what is held of it is read: found out once for each document.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow } from '@ctvirt/api';
import { configuredBeancounters, limitsAllocation, type ResourceOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { type Refusal, type Source, sourcesOf } from './sources.js';

type Constant = 'resource' | 'unit' | 'barrier' | 'limit' | 'how';

/** One beancounter as a document allows it. */
export interface Allowed extends Pick<BeancounterRow, Constant> {
  /** OpenVZ's name. */
  readonly key: string;
  readonly source: Source | undefined;
  /** What counts as its failures with this document. */
  readonly refusal: Refusal | undefined;
}

/** What documents allow, cached by document. */
export class Allowances {
  /** A change of a document is another one. */
  readonly #known = new WeakMap<Domain, readonly Allowed[]>();
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(
    version: 1 | 2,
    private readonly facts: ResourceOptions,
  ) {
    this.#sources = new Map(sourcesOf(version).map((source) => [source.key, source]));
  }

  of(domain: Domain): readonly Allowed[] {
    const known = this.#known.get(domain);
    if (known !== undefined) return known;
    const allowed = configuredBeancounters(domain, this.facts).map(
      ({ key, unit, barrier, limit }): Allowed => {
        const source = this.#sources.get(key);
        return {
          key,
          source,
          refusal: source?.refusal === 'oom' && key !== shortOf(domain) ? undefined : source?.refusal,
          resource: key.toLowerCase(),
          unit,
          barrier: plain(barrier),
          limit: plain(limit),
          how: source?.how ?? '',
        };
      },
    );
    this.#known.set(domain, allowed);
    return allowed;
  }

  /** The resource that a refusal is told of. */
  named(refusal: Refusal, domain: Domain): string {
    const key =
      refusal === 'oom'
        ? shortOf(domain)
        : [...this.#sources.values()].find((source) => source.refusal === refusal)?.key;
    return (key ?? refusal).toLowerCase();
  }
}

/** The parameter whose limit memory runs into. */
const shortOf = (domain: Domain): 'PRIVVMPAGES' | 'PHYSPAGES' =>
  limitsAllocation(domain) ? 'PRIVVMPAGES' : 'PHYSPAGES';

const plain = (amount: bigint): number | null =>
  amount > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(amount);
