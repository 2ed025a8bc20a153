// Runs domains in memory alone: what the engine above does with a driver is tested on it, without root and without a kernel.
// SPDX-License-Identifier: Apache-2.0
import type { DomainUse } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import { EngineError } from '../../errors.js';
import type { DomainCounters } from '../../view.js';
import {
  type Driver,
  type Ending,
  type Found,
  type Held,
  type HeldAsset,
  type HostIds,
  type LiveChange,
  type Run,
  type RunInfo,
  type Subject,
  unmeasured,
} from '../driver.js';

/** A run, and what a test makes of it. */
export class MemoryRun implements Run {
  readonly startedAt = new Date();
  isFrozen = false;
  /** What init was asked for; it does nothing of it by itself. */
  readonly asked: ('poweroff' | 'reboot')[] = [];
  /** Whether it goes on when it is killed. */
  isHung = false;
  ending: Ending | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(
    readonly id: number,
    /** As it is now: a live change replaces it. */
    public domain: Domain,
  ) {}

  /** It ends by itself. */
  end(cause: Ending['cause'], detail: string = cause): void {
    this.#over({ cause, detail, isWanted: false });
  }

  watch(onEnd: () => void): Disposable {
    this.#watchers.add(onEnd);
    if (this.ending !== undefined) queueMicrotask(() => this.#tell(onEnd));
    return { [Symbol.dispose]: () => void this.#watchers.delete(onEnd) };
  }

  ask(what: 'poweroff' | 'reboot'): void {
    this.asked.push(what);
  }

  async kill(gone: Promise<void>): Promise<boolean> {
    if (this.isHung) return false;
    this.#over({ cause: 'crash', detail: 'killed', isWanted: true });
    await gone;
    return true;
  }

  async freeze(): Promise<void> {
    this.isFrozen = true;
  }
  async thaw(): Promise<void> {
    this.isFrozen = false;
  }

  exec(): Promise<never> {
    return Promise.reject(nothingInside());
  }
  console(): Promise<never> {
    return Promise.reject(nothingInside());
  }
  addresses(): Promise<never> {
    return Promise.reject(nothingInside());
  }
  usage(): Promise<never> {
    return Promise.reject(nothingInside());
  }
  signal(): void {
    throw nothingInside();
  }
  counters(): DomainCounters {
    throw nothingInside();
  }

  use(): DomainUse {
    return unmeasured;
  }

  held(): Held {
    return { memoryBytes: 0, swapBytes: 0, processes: 0 };
  }

  #over(ending: Ending): void {
    this.ending ??= ending;
    for (const watcher of [...this.#watchers]) this.#tell(watcher);
  }

  #tell(watcher: () => void): void {
    if (this.#watchers.delete(watcher)) watcher();
  }
}

/** It outlives its daemons, as a host does: another engine over the same one finds what runs. */
export class MemoryDriver implements Driver {
  readonly #runs = new Map<string, MemoryRun>();
  #lastId = 1000;
  /** What the next start fails of, before or after it has begun. */
  fault: { readonly error: Error; readonly isBegun: boolean } | undefined;
  /** What the next live change fails of. */
  changeFault: Error | undefined;
  /** Whether the next run is over before anybody can look at it. */
  isBrief = false;

  run(name: string): MemoryRun {
    const run = this.#runs.get(name);
    if (run === undefined) throw new EngineError('internal', `nothing runs that is called '${name}'`);
    return run;
  }

  /** What has run and is not put away, running or not. */
  get left(): readonly string[] {
    return [...this.#runs.keys()];
  }

  async start(
    { record }: Subject,
    domain: Domain,
    _xml: string,
    begun: () => void,
  ): Promise<Run | undefined> {
    const { fault, isBrief } = this;
    this.fault = undefined;
    this.isBrief = false;
    if (fault !== undefined && !fault.isBegun) throw fault.error;
    begun();
    if (fault !== undefined) throw fault.error;
    const run = new MemoryRun(++this.#lastId, domain);
    this.#runs.set(record.name, run);
    if (isBrief) run.end('poweroff');
    return isBrief ? undefined : run;
  }

  async find<S extends Subject>(subjects: Iterable<S>): Promise<Found<S>[]> {
    return [...subjects].flatMap((subject) => {
      const run = this.#runs.get(subject.record.name);
      if (run === undefined) return [];
      const isOver = run.ending !== undefined;
      return [{ subject, run: isOver ? undefined : run, isUnwanted: run.ending?.isWanted === true }];
    });
  }

  async ending({ record }: Subject): Promise<Ending> {
    return this.#runs.get(record.name)?.ending ?? unstarted;
  }

  async release(): Promise<void> {
    // A run in memory has nothing of the host's.
  }

  async putAway({ record }: Subject): Promise<void> {
    this.#runs.delete(record.name);
  }

  leave(): void {
    // Nor a place on it.
  }

  async change({ record }: Subject, { before, after, commit }: LiveChange): Promise<void> {
    const { changeFault } = this;
    this.changeFault = undefined;
    if (changeFault !== undefined) throw changeFault;
    const run = this.run(record.name);
    run.domain = after;
    try {
      await commit();
    } catch (error) {
      run.domain = before;
      throw error;
    }
  }

  async restore({ record }: Subject, _wanted: Domain, domain: Domain): Promise<void> {
    this.run(record.name).domain = domain;
  }

  named(_subject: Subject, domain: Domain): Domain {
    return domain;
  }

  async info(): Promise<RunInfo> {
    return { initPid: null, walls: [] };
  }

  assets(): HeldAsset[] {
    return []; // of the host it holds nothing
  }

  async strayIds(): Promise<readonly HostIds[]> {
    return [];
  }

  idle(): void {
    // Nothing is shared.
  }
}

const nothingInside = (): EngineError =>
  new EngineError('unsupported', 'a run in memory has nothing inside: no programs, links or files');

const unstarted: Ending = { cause: 'unstarted', detail: 'its start was interrupted', isWanted: false };
