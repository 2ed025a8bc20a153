// Which domain runs on which processors: as evenly as may be, and with as few of those that run moved as may be.
// SPDX-License-Identifier: Apache-2.0

/** A domain on some of the host's processors. */
export interface Place {
  /** Those it may run on. */
  readonly within: readonly number[];
  /** On how many of them; on all it has no other place. */
  readonly count: number;
  /** Where it runs now; nowhere if it is about to start. */
  readonly at: readonly number[];
  /** Whether it stays there, come what may. */
  readonly isHeld: boolean;
}

/** From here on a domain is better off on the other processor: by less, the two would only change places. */
const WORTHWHILE = 2;

/**
 * Where each is to run. Of domains that may run anywhere no processor has more than one more than another has; lists that
 * keep some to a part of the host may leave more, since one domain at a time is moved, and not one out of another's way. The
 * others stay, come what may, and are not answered.
 */
export function spread(places: readonly Place[], others: Iterable<Pick<Place, 'at'>> = []): number[][] {
  const loads = new Loads();
  for (const { at } of others) for (const processor of at) loads.add(processor, 1);
  const spots = places.map((place) => new Spot(place, loads));
  const free = spots.filter(({ place }) => !place.isHeld);
  for (const within of new Set(free.map(({ place }) => place.within))) loads.count(within);
  for (const spot of free) spot.resize();
  for (;;) {
    const least = loads.least();
    let best: { readonly spot: Spot; readonly move: Move } | undefined;
    for (const spot of free) {
      const move = spot.bestMove(least);
      if (move === undefined) continue;
      const isBetter =
        best === undefined ||
        move.gain > best.move.gain ||
        (move.gain === best.move.gain && spot.isMoved && !best.spot.isMoved);
      if (isBetter) best = { spot, move };
    }
    if (best === undefined) return spots.map(({ own }) => [...own].sort((a, b) => a - b));
    best.spot.move(best.move);
  }
}

/** How many domains each processor has. */
class Loads {
  /** By processor; not there of those that nobody may be on. */
  readonly #counts: number[] = [];

  of(processor: number): number {
    return this.#counts[processor] ?? 0;
  }

  /** Those count too that nobody is on. */
  count(processors: readonly number[]): void {
    for (const processor of processors) this.add(processor, 0);
  }

  least(): number {
    return this.#counts.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY);
  }

  add(processor: number, by: 1 | 0 | -1): void {
    this.#counts[processor] = this.of(processor) + by;
  }
}

interface Move {
  readonly from: number;
  readonly to: number;
  /** How many more the one has than the other. */
  readonly gain: number;
}

class Spot {
  readonly own: Set<number>;
  isMoved = false;

  constructor(
    readonly place: Place,
    private readonly loads: Loads,
  ) {
    const { at, within, isHeld } = place;
    this.own = new Set(isHeld ? at : at.filter((processor) => within.includes(processor)));
    for (const processor of this.own) loads.add(processor, 1);
  }

  /** To as many processors as it is to have. */
  resize(): void {
    const { count } = this.place;
    for (let from = this.#busiest(); from !== undefined && this.own.size > count; from = this.#busiest())
      this.#leave(from);
    const missing = count - this.own.size;
    if (missing <= 0) return;
    const others = this.place.within.filter((processor) => !this.own.has(processor));
    others.sort((one, other) => this.loads.of(one) - this.loads.of(other));
    for (const to of others.slice(0, missing)) this.#enter(to);
  }

  /** Undefined if none is worth while; `least` is the least that any processor has. */
  bestMove(least: number): Move | undefined {
    const from = this.#busiest();
    if (from === undefined || this.loads.of(from) - least < WORTHWHILE) return undefined;
    const to = this.#idlest();
    const gain = to === undefined ? 0 : this.loads.of(from) - this.loads.of(to);
    return to === undefined || gain < WORTHWHILE ? undefined : { from, to, gain };
  }

  move({ from, to }: Move): void {
    this.#leave(from);
    this.#enter(to);
    this.isMoved = true;
  }

  #enter(processor: number): void {
    this.own.add(processor);
    this.loads.add(processor, 1);
  }

  #leave(processor: number): void {
    this.own.delete(processor);
    this.loads.add(processor, -1);
  }

  #busiest(): number | undefined {
    let found: number | undefined;
    for (const processor of this.own)
      if (found === undefined || this.loads.of(processor) > this.loads.of(found)) found = processor;
    return found;
  }

  #idlest(): number | undefined {
    let found: number | undefined;
    for (const processor of this.place.within)
      if (
        (found === undefined || this.loads.of(processor) < this.loads.of(found)) &&
        !this.own.has(processor)
      )
        found = processor;
    return found;
  }
}
