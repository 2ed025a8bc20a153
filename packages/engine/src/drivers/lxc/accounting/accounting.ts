// Keeps the accounts of all running domains: looks at them now and then, remembers, and tells of refusals.
// SPDX-License-Identifier: Apache-2.0
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BeancounterEvent, BeancounterReport, BeancounterRow } from '@ctvirt/api';
import type { ResourceOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { type CgroupLayout, type Controller, processesIn } from '../../../cgroups/layout.js';
import { type Gauges, textOnce } from '../../../host/gauges.js';
import { isSliceOver, nextSlice } from '../../../slices.js';
import { diskName } from '../../../state/layout.js';
import type { Run as DomainRun, HostTime, Look, Subject } from '../../driver.js';
import { Rounds } from '../rounds.js';
import { lxcRun } from '../run.js';
import type { LxcTools } from '../tools.js';
import { Account, parseAccount } from './account.js';
import { Allowances, type Allowed } from './allowed.js';
import { type Census, type FileLocks, fileLocks, takeCensus } from './census.js';
import { Readings } from './readings.js';
import { lookOf } from './sample.js';
import type { Refusal } from './sources.js';
import { type Telling, Tidings } from './tidings.js';

/** Dependencies of `Accounting`. */
export interface AccountingParts<S extends Subject> {
  readonly cgroups: CgroupLayout;
  readonly gauges: Gauges;
  readonly facts: ResourceOptions;
  readonly tools: Pick<LxcTools, 'group' | 'folder'>;
  readonly entries: () => Iterable<S>;
  /** What a domain was started with, or of one that is off what it would be. */
  readonly document: (entry: S) => Promise<Domain>;
  readonly emit: (entry: S, beancounter: BeancounterEvent['beancounter']) => void;
  /** The same if it is at hand. */
  readonly known: (entry: S) => Domain | undefined;
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void;
}

/** Refusals are looked for so often: two or three open files of each domain. */
const COUNT_MS = 3000;
/** What no cgroup counts is counted so often at most. */
const CENSUS_EVERY_MS = 10_000;
/**
 * So much of every three seconds goes to counting what no cgroup counts, of those first where that was longest ago: a fifth of
 * a percent of a processor, however many processes there are.
 */
const CENSUS_MS = 6;

const STATE = 'beancounters.json';

interface Run {
  readonly running: DomainRun;
  readonly folder: (controller: Controller) => string;
  readonly account: Account;
  readonly tidings: Tidings;
  /** When it was looked at what is held, by performance.now(). */
  lookedMs: number;
  census: (Census & { readonly atMs: number; readonly at: Date }) | undefined;
  /** One that is being taken: who asks meanwhile gets that one. */
  counting: Promise<void> | undefined;
  /** Whether it was said that this run's account cannot be written. */
  isSaid: boolean;
}

/** Where numbers of a report come from. */
interface Told {
  readonly held: (allowed: Allowed) => number | null;
  readonly failcnt: (refusal: Refusal) => number | null;
}

/** Of a domain that is off. */
const nothing: Told = { held: () => null, failcnt: () => null };

function headOf(
  { record, running }: Subject,
  run: Run | undefined,
  rows: BeancounterRow[],
): BeancounterReport {
  const { name, uuid, ctid } = record;
  return {
    name,
    uuid,
    ctid,
    startedAt: running?.startedAt.toISOString() ?? null,
    countedAt: run?.census?.at.toISOString() ?? null,
    uncounted: run?.census?.uncounted ?? 0,
    rows,
  };
}

const censusMs = ({ census }: Run): number => census?.atMs ?? Number.MIN_SAFE_INTEGER;

/** OpenVZ's accounts of all running domains. */
export class Accounting<S extends Subject> {
  /** The last run of each domain that was looked at. */
  readonly #runs = new WeakMap<S, Run>();
  readonly #allowances: Allowances;
  readonly #rounds: Rounds;
  /** What may still be spent on censuses; below zero after one that took longer. */
  #censusLeftMs = 0;

  constructor(private readonly parts: AccountingParts<S>) {
    this.#allowances = new Allowances(parts.cgroups.version, parts.facts);
    this.#rounds = new Rounds({
      everyMs: COUNT_MS,
      round: () => this.#sweep(),
      failed: (error) => parts.log('warn', `what containers use is counted later: ${String(error)}`, {}),
    });
  }

  /** Begins to look at what runs. */
  open(): void {
    this.#rounds.open();
  }

  close(): void {
    this.#rounds.close();
  }

  /** A run has ended: what was not told of it yet is told. */
  ended(entry: S): void {
    const { cgroups, gauges } = this.parts;
    for (const folder of cgroups.all(this.#group(entry))) gauges.forget(folder);
    this.#tell(entry, this.#runs.get(entry)?.tidings.rest() ?? []);
    this.#runs.delete(entry);
  }

  /** Takes a look at one that runs: its files are read once, for all who want to know what they say. */
  look(entry: S, host: HostTime): Omit<Look, 'links'> | undefined {
    const { running } = entry;
    if (running === undefined) return undefined;
    const known = this.#run(entry, running);
    const { run, readings } = this.#look(entry, running, { peaks: censusMs(known) > known.lookedMs });
    return { ...lookOf(this.parts.cgroups.version, readings, host), refused: run.account.refused };
  }

  /** As the last look found it: nothing is read. */
  known(entry: S): BeancounterReport | undefined {
    const { running } = entry;
    const run = this.#runs.get(entry);
    const domain = this.parts.known(entry);
    if (running === undefined || run?.running !== running || domain === undefined) return undefined;
    const { account } = run;
    const rows = this.#rows(domain, run, {
      held: ({ key }) => account.held(key),
      failcnt: (refusal) => account.counted(refusal),
    });
    return headOf(entry, run, rows);
  }

  /** Of all that run, each with its last census. */
  async reports(): Promise<BeancounterReport[]> {
    const reports: BeancounterReport[] = [];
    let read: Promise<FileLocks> | undefined;
    const locks = async (): Promise<FileLocks> => await (read ??= fileLocks());
    for (const entry of [...this.parts.entries()]) {
      if (isSliceOver()) await nextSlice();
      if (entry.running === undefined) continue;
      reports.push(await this.#report(entry, locks));
    }
    return reports;
  }

  /** Of one, with a census taken now. */
  async report(entry: S): Promise<BeancounterReport> {
    if (entry.running !== undefined)
      await this.#takeCensus(this.#run(entry, entry.running), await fileLocks());
    return await this.#report(entry, fileLocks);
  }

  async #report(entry: S, locks: () => Promise<FileLocks>): Promise<BeancounterReport> {
    const domain = await this.parts.document(entry);
    if (entry.running !== undefined) {
      const run = this.#run(entry, entry.running);
      if (run.census === undefined) await this.#takeCensus(run, await locks());
    }
    const { running } = entry;
    if (running === undefined) return headOf(entry, undefined, this.#rows(domain, undefined, nothing));
    const { run, readings } = this.#look(entry, running, { peaks: true });
    const rows = this.#rows(domain, run, {
      held: ({ source }) => source?.held?.(readings) ?? null,
      failcnt: (refusal) => run.account.total(refusal, readings),
    });
    return headOf(entry, run, rows);
  }

  #rows(domain: Domain, run: Run | undefined, { held, failcnt }: Told): BeancounterRow[] {
    return this.#allowances.of(domain).map((allowed): BeancounterRow => {
      const { key, refusal, resource, unit, barrier, limit, how } = allowed;
      return {
        resource,
        unit,
        held: held(allowed),
        maxheld: run?.account.maxheld(key) ?? null,
        sampled: run?.account.isSampled(key) ?? true,
        barrier,
        limit,
        failcnt: refusal === undefined ? null : failcnt(refusal),
        how,
      };
    });
  }

  async #sweep(): Promise<void> {
    for (const entry of [...this.parts.entries()]) {
      if (isSliceOver()) await nextSlice();
      const { running } = entry;
      if (running === undefined) continue;
      const run = this.#run(entry, running);
      this.#count(entry, run, this.#readings(run));
    }
    await this.#takeCensuses();
  }

  /** Of some more domains. */
  async #takeCensuses(): Promise<void> {
    this.#censusLeftMs = Math.min(CENSUS_MS, this.#censusLeftMs + CENSUS_MS);
    if (this.#censusLeftMs <= 0) return;
    const due = [...this.parts.entries()]
      .flatMap((entry) => (entry.running === undefined ? [] : [this.#run(entry, entry.running)]))
      .filter((run) => performance.now() - censusMs(run) >= CENSUS_EVERY_MS)
      .sort((a, b) => censusMs(a) - censusMs(b));
    if (due.length === 0) return;
    const locks = await fileLocks();
    for (const run of due) {
      if (this.#censusLeftMs <= 0) return;
      const began = performance.now();
      await this.#takeCensus(run, locks);
      this.#censusLeftMs -= performance.now() - began;
    }
  }

  async #takeCensus(run: Run, locks: FileLocks): Promise<void> {
    run.counting ??= this.#countOnce(run, locks).finally(() => {
      run.counting = undefined;
    });
    await run.counting;
  }

  async #countOnce(run: Run, locks: FileLocks): Promise<void> {
    const pids = await processesIn(run.folder('pids'));
    const census = await takeCensus(lxcRun(run.running).initPid, pids, locks);
    run.census = { ...census, atMs: performance.now(), at: new Date() };
  }

  /** Takes a look at what is held; `peaks` also at what the kernel remembers by itself. */
  #look(entry: S, running: DomainRun, { peaks }: { peaks: boolean }): { run: Run; readings: Readings } {
    const run = this.#run(entry, running);
    const readings = this.#readings(run);
    run.account.look(readings, { whole: peaks });
    this.#count(entry, run, readings);
    run.lookedMs = performance.now();
    return { run, readings };
  }

  #count(entry: S, run: Run, readings: Readings): void {
    for (const rise of run.account.count(readings)) run.tidings.add(rise);
    this.#save(entry, run);
    this.#tell(entry, run.tidings.due(performance.now()));
  }

  #readings({ folder, census }: Run): Readings {
    const group = (controller: Controller, file: string) => this.parts.gauges.text(folder(controller), file);
    return new Readings({ group, census });
  }

  #tell(entry: S, tellings: readonly Telling[]): void {
    if (tellings.length === 0) return;
    void this.parts.document(entry).then(
      (domain) => {
        for (const { refusal, rise, failcnt } of tellings) {
          this.parts.emit(entry, { resource: this.#allowances.named(refusal, domain), rise, failcnt });
        }
      },
      (error: unknown) =>
        this.parts.log('warn', `refusals of domain '${entry.record.name}' are not told: ${String(error)}`, {
          domain: entry.record.name,
        }),
    );
  }

  #run(entry: S, running: DomainRun): Run {
    const known = this.#runs.get(entry);
    if (known?.running === running) return known;
    const { cgroups } = this.parts;
    const folders = new Map<Controller, string>();
    const folder = (controller: Controller): string => {
      const found = folders.get(controller) ?? cgroups.path(controller, this.#group(entry));
      folders.set(controller, found);
      return found;
    };
    const run = {
      running,
      folder,
      account: this.#opened(entry),
      tidings: new Tidings(),
      lookedMs: Number.NEGATIVE_INFINITY,
      census: undefined,
      counting: undefined,
      isSaid: false,
    };
    this.#runs.set(entry, run);
    return run;
  }

  #group({ record }: S): string {
    return this.parts.tools.group(diskName(record.name));
  }

  /** In the folder of the run, which is there as long as it is. */
  #statePath({ record }: S): string {
    return join(this.parts.tools.folder(diskName(record.name)), STATE);
  }

  #opened(entry: S): Account {
    const { version } = this.parts.cgroups;
    const path = this.#statePath(entry);
    const text = textOnce(path);
    if (text === '') return new Account(version);
    const state = parseAccount(text);
    if (state === undefined)
      this.parts.log('warn', `${path} is damaged: what its domain held at most is counted from now on`, {
        domain: entry.record.name,
      });
    return new Account(version, state);
  }

  /**
   * Whole or not at all, but not synced: a host that goes down takes the run with it. In one go with the look at the
   * entry, or it could end up in the folder of the next run.
   */
  #save(entry: S, run: Run): void {
    if (entry.running !== run.running) return;
    const changes = run.account.takeChanges();
    if (changes === undefined) return;
    const path = this.#statePath(entry);
    try {
      writeFileSync(`${path}.new`, changes, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      if (run.isSaid) return;
      run.isSaid = true;
      this.parts.log(
        'warn',
        `the accounts of domain '${entry.record.name}' will not survive this daemon: ${String(error)}`,
        { domain: entry.record.name },
      );
    }
  }
}
