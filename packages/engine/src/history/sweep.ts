// One look at each running domain every ten seconds, for all who want to know: history, promises, metrics, and whoever asks what is used.
// SPDX-License-Identifier: Apache-2.0
import type { DiskUse } from '@ctvirt/api';
import type { HostTime, Look, Run } from '../drivers/driver.js';
import type { Looks } from '../drivers/floor.js';
import type { EngineLog } from '../log.js';
import type { Entry } from '../registry/registry.js';
import { isSliceOver, nextSlice } from '../slices.js';
import type { Keeper } from './keeper.js';
import { leftOfStep } from './past.js';
import { type Passed, passedUntil, ratesOf } from './rates.js';
import type { Values } from './series.js';

/** Dependencies of `Sweep`. */
export interface SweepParts {
  readonly looks: Looks<Entry>;
  readonly entries: () => Iterable<Entry>;
  readonly keeper: Pick<Keeper, 'take' | 'now'>;
  /** What all processors of the host did. */
  readonly hostTime: () => HostTime;
  /** What is compared with promises. */
  readonly sampled: (run: Run, look: Look) => void;
  /** Memory that was promised to each; called once a round before it is asked for. */
  readonly claims: () => Promise<unknown>;
  readonly promised: (entry: Entry) => number | undefined;
  /** What its root holds, which asks its file system. */
  readonly disk: (entry: Entry) => Promise<DiskUse>;
  readonly log: EngineLog;
}

/** What the last look at a run found. */
export interface Seen {
  readonly at: Date;
  readonly look: Look;
  readonly values: Values;
  readonly passed: Passed;
}

/** A run is looked at for the first time so soon, unless its turn comes anyway: what it does from then on is known. */
const FIRST_MS = 1000;
const SOON_MS = 4000;
/** File systems are asked in so many rounds. */
const DISK_ROUNDS = 6;

/** Rounds are at multiples of ten seconds. */
export class Sweep {
  readonly #seen = new WeakMap<Run, Seen>();
  readonly #disks = new WeakMap<Run, DiskUse>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #isOpen = false;
  #round = 0;
  #last: { readonly endedAt: Date; readonly seconds: number } | undefined;
  #askingDisks: Promise<void> | undefined;
  #isTold = false;

  constructor(private readonly parts: SweepParts) {}

  /** Begins to look: at once for the first time. */
  open(): void {
    this.#isOpen = true;
    void this.#lookAtAll()
      .catch((error: unknown) => this.#complain(error))
      .finally(() => this.#next());
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
  }

  /** A domain has started. */
  began(entry: Entry): void {
    setTimeout(() => {
      if (!this.#isOpen || entry.running === undefined || this.#untilNext() < SOON_MS) return;
      // A round has come before: what is told of it now is what history has.
      if (this.seen(entry) !== undefined) return;
      try {
        this.#lookAt(entry, this.parts.hostTime());
      } catch (error) {
        this.#complain(error);
      }
    }, FIRST_MS).unref();
  }

  /** What the last look found: nothing is read. */
  seen({ running }: Pick<Entry, 'running'>): Seen | undefined {
    return running && this.#seen.get(running);
  }

  disk({ running }: Pick<Entry, 'running'>): DiskUse | undefined {
    return running && this.#disks.get(running);
  }

  /** The last round of looks at all that run. */
  get last(): { readonly endedAt: Date; readonly seconds: number } | undefined {
    return this.#last;
  }

  /** Calls back after each round; the result unsubscribes. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at all, and has it kept. */
  async round(): Promise<void> {
    const atMs = this.parts.keeper.now;
    const found = await this.#lookAtAll();
    await this.parts.keeper.take(atMs, found);
    this.#askDisks();
    for (const listener of this.#listeners) listener();
  }

  #untilNext(): number {
    return leftOfStep(this.parts.keeper.now);
  }

  #next(): void {
    if (!this.#isOpen) return;
    this.#timer = setTimeout(() => {
      void this.round()
        .catch((error: unknown) => this.#complain(error))
        .finally(() => this.#next());
    }, this.#untilNext()).unref();
  }

  async #lookAtAll(): Promise<(readonly [uuid: string, values: Values])[]> {
    const { looks, claims, entries, hostTime } = this.parts;
    const began = performance.now();
    await looks.begin();
    await claims();
    const host = hostTime();
    const found: (readonly [uuid: string, values: Values])[] = [];
    for (const entry of [...entries()]) {
      if (isSliceOver()) await nextSlice();
      const values = this.#lookAt(entry, host);
      if (values === undefined) continue;
      found.push([entry.record.uuid, values]);
    }
    this.#last = { endedAt: new Date(this.parts.keeper.now), seconds: (performance.now() - began) / 1000 };
    return found;
  }

  #lookAt(entry: Entry, host: HostTime): Values | undefined {
    const { looks, sampled, promised } = this.parts;
    const { running } = entry;
    const look = running && looks.look(entry, host);
    if (running === undefined || look === undefined) return undefined;
    sampled(running, look);
    const beside = { disk: this.#disks.get(running), promisedBytes: promised(entry) };
    const before = this.#seen.get(running);
    const values = ratesOf(look, before?.look, beside);
    const passed = passedUntil(look, before);
    this.#seen.set(running, { at: new Date(this.parts.keeper.now), look, values, passed });
    return values;
  }

  /** Beside all else, since a file system may take its time: of a sixth of all, and of those that none is known of. */
  #askDisks(): void {
    this.#askingDisks ??= this.#askEach(this.#round++).finally(() => {
      this.#askingDisks = undefined;
    });
  }

  async #askEach(round: number): Promise<void> {
    let at = 0;
    for (const entry of [...this.parts.entries()]) {
      const { running } = entry;
      if (running === undefined) continue;
      if (at++ % DISK_ROUNDS !== round % DISK_ROUNDS && this.#disks.has(running)) continue;
      try {
        this.#disks.set(running, await this.parts.disk(entry));
      } catch (error) {
        if (entry.running === running) this.#complain(error);
      }
    }
  }

  #complain(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.parts.log('warn', `what domains use is not looked at as it should be: ${String(error)}`);
  }
}
