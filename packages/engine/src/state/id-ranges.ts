// Host ids for user namespaces: who has which. Each domain without a map of its own leases a range that nobody else has, and no
// range comes back while files have its ids.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { EngineError } from '../errors.js';

/** Ids in each range: as many as 16 bits can number. */
export const RANGE_SIZE = 65536;

/** Where ranges may be leased: first and last host id. */
export interface IdWindow {
  readonly first: number;
  readonly last: number;
}

/**
 * Window of the system's own daemon. shadow hands out sub-ids to 600,100,000 by default; ids from 2^31 on are left to daemons with a
 * root of their own, so that two daemons on one host do not share ids.
 */
export const systemWindow: IdWindow = { first: 0x40000000, last: 0x7ffeffff };
/** Window of daemons with a root of their own. */
export const privateWindow: IdWindow = { first: 0x80000000, last: 0xfffdffff };

export type IdKind = 'uid' | 'gid';

/** As many ids of the host's as follow the first one. */
export interface HostIds {
  readonly first: number;
  readonly count: number;
}

/** What a document's `<idmap>` names of the host. */
export type NamedIds = Readonly<Record<IdKind, readonly HostIds[]>>;

/** Ids that a domain has, users or groups or, without a kind, both; of a stray container no domain is known any more. */
interface Held extends HostIds {
  readonly owner: string | undefined;
  readonly kind?: IdKind;
  /** Whether the owner is files that outlived their domain. */
  readonly isKept?: boolean;
}

/** Ids that files have which outlived their domain: a leased range, or what its map named. */
export interface KeptIds {
  readonly ids: { readonly start: number } | null;
  readonly mapped?: NamedIds | undefined;
}

/** Knows who has which ids, leases ranges that nobody has, and remembers which ones were ever leased. */
export class IdRanges {
  /** Owners by first id. */
  readonly #leased = new Map<number, string>();
  readonly #ever = new Set<number>();
  /** What files have that outlived their domain, by what they are kept as. */
  readonly #kept = new Map<string, KeptIds>();
  readonly #strays: HostIds[] = [];
  #next: number;

  /** Daemons that share a window begin at places of their own, each made from its `seed`, so that they do not meet. */
  constructor(
    private readonly window: IdWindow,
    /** What the maps of all documents name, stored and live, by the names of their domains. */
    private readonly named: () => Iterable<readonly [owner: string, ids: NamedIds]>,
    seed?: string,
  ) {
    const place =
      seed === undefined ? 0 : createHash('sha256').update(seed).digest().readUInt32BE() % this.#steps;
    this.#next = window.first + place * RANGE_SIZE;
  }

  get #steps(): number {
    return Math.floor((this.window.last + 1 - this.window.first) / RANGE_SIZE);
  }

  /** Leases the next free range; ranges are used in turn, so that a returned one rests as long as it can. */
  lease(owner: string): number {
    const steps = this.#steps;
    const taken = new Set<number>();
    for (const held of this.#held()) for (const start of this.#rangesOf(held)) taken.add(start);
    for (let step = 0; step < steps; step++) {
      const start = this.#next;
      this.#next += RANGE_SIZE;
      if (this.#next + RANGE_SIZE - 1 > this.window.last) this.#next = this.window.first;
      if (!taken.has(start)) {
        this.claim(start, owner);
        return start;
      }
    }
    throw new EngineError(
      'in-use',
      `no id range is free: all ${steps} between ${this.window.first} and ${this.window.last} are taken`,
    );
  }

  /** Marks a range found in a record or beside kept files as leased. */
  claim(start: number, owner: string): void {
    this.#leased.set(start, owner);
    this.#remember(start);
  }

  #remember(start: number): void {
    this.#ever.add(start);
    if (start >= this.#next && start + 2 * RANGE_SIZE - 1 <= this.window.last)
      this.#next = start + RANGE_SIZE;
  }

  /** Ids that a container has whose domain is known no more: it may have leased them. */
  claimStray(ids: HostIds): void {
    this.#strays.push(ids);
    for (const start of this.#rangesOf(ids)) this.#ever.add(start);
  }

  /** What a domain that is gone had is its files' as long as these stay: in place of its lease. */
  keep(root: string, kept: KeptIds): void {
    this.#kept.set(root, kept);
    if (kept.ids === null) return;
    this.#leased.delete(kept.ids.start);
    this.#remember(kept.ids.start);
  }

  /** The files are a domain's again, or erased. */
  unkeep(root: string): void {
    this.#kept.delete(root);
  }

  /** Whether this daemon has leased the range since it started, or found it leased. */
  everLeased(start: number): boolean {
    return this.#ever.has(start);
  }

  release(start: number): void {
    this.#leased.delete(start);
  }

  /** In words, who has any of these ids beside `own`; undefined if nobody has. */
  sharers(own: string, kind: IdKind, ids: HostIds): string | undefined {
    const owners = new Set<string>();
    for (const held of this.#held())
      if ((held.owner !== own || held.isKept === true) && (held.kind ?? kind) === kind && meet(held, ids))
        owners.add(inWords(held));
    const [who, ...more] = owners;
    return more.length === 0 ? who : `${who} and ${more.length} more`;
  }

  /** The one place that says who has what. */
  *#held(): Iterable<Held> {
    for (const [first, owner] of this.#leased) yield { owner, first, count: RANGE_SIZE };
    for (const ids of this.#strays) yield { owner: undefined, ...ids };
    for (const [owner, named] of this.named()) yield* idsOf(named, { owner });
    for (const [owner, { ids, mapped }] of this.#kept) {
      if (ids !== null) yield { owner, isKept: true, first: ids.start, count: RANGE_SIZE };
      if (mapped !== undefined) yield* idsOf(mapped, { owner, isKept: true });
    }
  }

  /** First ids of the ranges of the window that have any of these. */
  *#rangesOf(ids: HostIds): Iterable<number> {
    const { first, last } = this.window;
    const from = Math.max(ids.first, first);
    const begin = from - ((from - first) % RANGE_SIZE);
    for (let start = begin; start < Math.min(ids.first + ids.count, last + 1); start += RANGE_SIZE)
      yield start;
  }
}

const meet = (a: HostIds, b: HostIds): boolean => a.first < b.first + b.count && b.first < a.first + a.count;

function* idsOf({ uid, gid }: NamedIds, whose: Pick<Held, 'owner' | 'isKept'>): Iterable<Held> {
  for (const ids of uid) yield { ...whose, kind: 'uid', ...ids };
  for (const ids of gid) yield { ...whose, kind: 'gid', ...ids };
}

function inWords({ owner, isKept }: Held): string {
  if (owner === undefined) return 'a container whose domain is known no more';
  return isKept === true ? `the kept root '${owner}'` : `domain '${owner}'`;
}
