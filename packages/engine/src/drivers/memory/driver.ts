// Runs domains in memory alone: what the engine above does with a driver is tested on it, without root and without a kernel.
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DomainUse } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { ConsoleStream, ExecSession } from '../../contract.js';
import { EngineError } from '../../errors.js';
import type { HeldAsset } from '../../host/held-asset.js';
import type { HostIds } from '../../state/id-ranges.js';
import type { Usage } from '../../storage/index.js';
import type { DomainCounters, LinkAddresses } from '../../view.js';
import {
  type AroundStart,
  type Driver,
  type Ending,
  type Found,
  type Held,
  type LiveChange,
  type Look,
  type Program,
  type Run,
  type RunInfo,
  type RunProcess,
  type RunUsers,
  type Size,
  type Subject,
  unmeasured,
} from '../driver.js';

/** What goes on inside runs, where a test wants something to. */
export interface Inside
  extends Pick<
    Run,
    'exec' | 'console' | 'addresses' | 'usage' | 'signal' | 'counters' | 'use' | 'processes'
  > {
  info(): RunInfo;
  /** What a look at the domain of this name finds; nothing if absent. */
  look?(name: string): Look;
}

/** What the runs of a driver have besides their state. */
export interface MemoryHost {
  /** Without it every question about the inside is `unsupported`. */
  readonly inside?: Inside;
  /** Whether init does what it is asked, a moment later; it does nothing by itself if absent. */
  readonly isObedient?: boolean;
  /** Where the document of a run lies while it lasts, as other drivers keep it; it lies nowhere if absent. */
  readonly documentPath?: (subject: Subject) => string;
}

/** A run, and what a test makes of it. */
export class MemoryRun implements Run {
  readonly startedAt = new Date();
  isFrozen = false;
  /** What init was asked for; unless it is obedient it does nothing of it by itself. */
  readonly asked: ('poweroff' | 'reboot')[] = [];
  /** Whether it goes on when it is killed. */
  isHung = false;
  ending: Ending | undefined;
  readonly passwords = new Map<string, string>();
  readonly #keys = new Map<string, readonly string[]>();
  readonly users: RunUsers = {
    setPassword: async (user, hash) => void this.passwords.set(user, hash),
    sshKeys: async (user) => this.#keys.get(user) ?? [],
    setSshKeys: async (user, lines) => void this.#keys.set(user, lines),
  };
  readonly #watchers = new Set<() => void>();

  constructor(
    readonly id: number,
    /** As it is now: a live change replaces it. */
    public domain: Domain,
    private readonly host: MemoryHost = {},
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
    if (this.host.isObedient === true) setImmediate(() => this.end(what));
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
  async hold(work: () => Promise<void>): Promise<number> {
    const begun = performance.now();
    try {
      await this.freeze();
      await work();
    } finally {
      await this.thaw();
    }
    return performance.now() - begun;
  }
  async sync(): Promise<void> {}

  async exec(program: Program): Promise<ExecSession> {
    return await this.#inside.exec(program);
  }
  async console(size: Size): Promise<ConsoleStream> {
    return await this.#inside.console(size);
  }
  async addresses(): Promise<readonly LinkAddresses[]> {
    return await this.#inside.addresses();
  }
  async announce(): Promise<readonly string[]> {
    return [];
  }
  async usage(target: string): Promise<Usage> {
    return await this.#inside.usage(target);
  }
  signal(pid: number, signal: number): void {
    this.#inside.signal(pid, signal);
  }
  async processes(pid?: number): Promise<readonly RunProcess[]> {
    return await this.#inside.processes(pid);
  }
  counters(): DomainCounters {
    return this.#inside.counters();
  }

  use(): DomainUse {
    return this.host.inside?.use() ?? unmeasured;
  }

  held(): Held {
    return { memoryBytes: 0, swapBytes: 0, processes: 0 };
  }

  get #inside(): Inside {
    const { inside } = this.host;
    if (inside === undefined) throw nothingInside();
    return inside;
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

  constructor(private readonly host: MemoryHost = {}) {}

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
    subject: Subject,
    domain: Domain,
    xml: string,
    { begun, ready }: AroundStart,
  ): Promise<Run | undefined> {
    const { fault, isBrief } = this;
    this.fault = undefined;
    this.isBrief = false;
    if (fault !== undefined && !fault.isBegun) throw fault.error;
    begun();
    if (fault !== undefined) throw fault.error;
    await ready;
    const run = new MemoryRun(++this.#lastId, domain, this.host);
    this.#runs.set(subject.record.name, run);
    const path = this.host.documentPath?.(subject);
    if (path !== undefined) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, xml);
    }
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

  async putAway(subject: Subject): Promise<void> {
    this.#runs.delete(subject.record.name);
    const path = this.host.documentPath?.(subject);
    if (path !== undefined) rmSync(dirname(path), { recursive: true, force: true });
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

  async info({ running }: Subject): Promise<RunInfo> {
    const { inside } = this.host;
    if (running !== undefined && inside !== undefined) return inside.info();
    return { initPid: null, walls: [] };
  }

  places(): undefined {}

  assets(): HeldAsset[] {
    return []; // of the host it holds nothing
  }

  async strayIds(): Promise<readonly HostIds[]> {
    return [];
  }

  look(name: string): Look | undefined {
    return this.#runs.has(name) ? this.host.inside?.look?.(name) : undefined;
  }

  async transfer(): Promise<ExecSession> {
    throw nothingInside();
  }

  idle(): void {
    // Nothing is shared.
  }
}

const nothingInside = (): EngineError =>
  new EngineError('unsupported', 'a run in memory has nothing inside: no programs, links or files');

const unstarted: Ending = { cause: 'unstarted', detail: 'its start was interrupted', isWanted: false };
