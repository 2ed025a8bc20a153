// Keeps the accounts of all running domains: looks at them now and then, remembers, and tells of refusals.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { configuredBeancounters, limitsAllocation, type ResourceOptions } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import type { CgroupLayout, Controller } from '../cgroups/layout.js';
import type { Running } from '../drivers/lxc/driver.js';
import { Gauges } from '../host/gauges.js';
import type { Entry } from '../state/registry.js';
import type { BeancounterEvent, BeancounterReport, BeancounterRow } from '../view.js';
import { Account, parseAccount } from './account.js';
import { Readings } from './readings.js';
import { type Refusal, type Source, sourcesOf } from './sources.js';
import { type Telling, Tidings } from './tidings.js';

export interface AccountingParts {
  readonly cgroups: CgroupLayout;
  readonly facts: ResourceOptions;
  readonly group: (entry: Entry) => string;
  /** The folder of a domain's run, which lives as long as it does. */
  readonly folder: (entry: Entry) => string;
  readonly entries: () => Iterable<Entry>;
  /** What a domain was started with, or of one that is off what it would be. */
  readonly document: (entry: Entry) => Promise<Domain>;
  readonly emit: (entry: Entry, beancounter: BeancounterEvent['beancounter']) => void;
  /** Whoever else wants to look at what was just read of a domain, every ten seconds. */
  readonly sampled: (running: Running, readings: Readings) => void;
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void;
}

/** Refusals are looked for so often: two or three open files of each domain. */
const COUNT_MS = 2000;
/** Every so many times it is looked at what is held, and every so many times at each process too. */
const LOOK_EVERY = 5;
const WHOLE_EVERY = 150;
/** After so many domains others get their turn. */
const AT_ONCE = 20;
/** Files of counters that stay open. */
const MOST_OPEN = 2048;

const STATE = 'beancounters.json';

interface Run {
  readonly running: Running;
  readonly folder: (controller: Controller) => string;
  readonly account: Account;
  readonly tidings: Tidings;
  /** Whether it was said that this run's account cannot be written. */
  isSaid: boolean;
}

export class Accounting {
  /** The last run of each domain that was looked at. */
  readonly #runs = new WeakMap<Entry, Run>();
  readonly #gauges = new Gauges(MOST_OPEN);
  readonly #sources: ReadonlyMap<string, Source>;
  #timer: NodeJS.Timeout | undefined;
  #sweeps = 0;

  constructor(private readonly parts: AccountingParts) {
    this.#sources = new Map(sourcesOf(parts.cgroups.version).map((source) => [source.key, source]));
  }

  /** Begins to look at what runs. */
  open(): void {
    this.#timer = setTimeout(() => {
      void this.#sweep().finally(() => {
        if (this.#timer !== undefined) this.open();
      });
    }, COUNT_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gauges.close();
  }

  /** A run has ended: what was not told of it yet is told, and its files are let go. */
  ended(entry: Entry): void {
    this.#tell(entry, this.#runs.get(entry)?.tidings.rest() ?? []);
    this.#runs.delete(entry);
    for (const folder of this.parts.cgroups.all(this.parts.group(entry))) this.#gauges.forget(folder);
  }

  async report(entry: Entry): Promise<BeancounterReport> {
    const { name, uuid, ctid } = entry.record;
    const domain = await this.parts.document(entry);
    const { running } = entry;
    const readings = running === undefined ? undefined : this.#look(entry, running, { whole: true });
    const account = running === undefined ? undefined : this.#run(entry, running).account;
    const rows = configuredBeancounters(domain, this.parts.facts).map(
      ({ key, unit, barrier, limit }): BeancounterRow => {
        const source = this.#sources.get(key);
        const refusal = source?.refusal === 'oom' && key !== refusedBy(domain) ? undefined : source?.refusal;
        return {
          resource: key.toLowerCase(),
          unit,
          held: readings === undefined ? null : (source?.held?.(readings) ?? null),
          maxheld: account?.maxheld(key) ?? null,
          sampled: account?.isSampled(key) ?? true,
          barrier: plain(barrier),
          limit: plain(limit),
          failcnt:
            readings === undefined || refusal === undefined
              ? null
              : (account?.total(refusal, readings) ?? null),
          how: source?.how ?? '',
        };
      },
    );
    return { name, uuid, ctid, startedAt: running?.startedAt.toISOString() ?? null, rows };
  }

  async #sweep(): Promise<void> {
    this.#sweeps++;
    const isLook = this.#sweeps % LOOK_EVERY === 0;
    const whole = this.#sweeps % WHOLE_EVERY === 0;
    let since = 0;
    for (const entry of [...this.parts.entries()]) {
      const { running } = entry;
      if (running === undefined) continue;
      if (isLook) this.parts.sampled(running, this.#look(entry, running, { whole }));
      else
        this.#count(
          entry,
          running,
          this.#readings(entry, running, (path) => this.#gauges.text(path)),
        );
      if (++since % AT_ONCE === 0) await turn();
    }
  }

  #look(entry: Entry, running: Running, { whole }: { whole: boolean }): Readings {
    const readings = this.#readings(entry, running, textOf, whole);
    this.#run(entry, running).account.look(readings, { whole });
    this.#count(entry, running, readings);
    return readings;
  }

  #count(entry: Entry, running: Running, readings: Readings): void {
    const run = this.#run(entry, running);
    for (const rise of run.account.count(readings)) run.tidings.add(rise);
    this.#save(entry, running, run);
    this.#tell(entry, run.tidings.due(performance.now()));
  }

  #readings(entry: Entry, running: Running, text: (path: string) => string, withProcesses = false): Readings {
    return new Readings({
      folder: this.#run(entry, running).folder,
      initPid: running.initPid,
      text,
      withProcesses,
    });
  }

  #tell(entry: Entry, tellings: readonly Telling[]): void {
    if (tellings.length === 0) return;
    void this.parts.document(entry).then(
      (domain) => {
        for (const { refusal, rise, failcnt } of tellings) {
          const resource = (refusal === 'oom' ? refusedBy(domain) : this.#named(refusal)).toLowerCase();
          this.parts.emit(entry, { resource, rise, failcnt });
        }
      },
      (error: unknown) =>
        this.parts.log('warn', `refusals of domain '${entry.record.name}' are not told: ${String(error)}`, {
          domain: entry.record.name,
        }),
    );
  }

  #named(refusal: Refusal): string {
    return [...this.#sources.values()].find((source) => source.refusal === refusal)?.key ?? refusal;
  }

  #run(entry: Entry, running: Running): Run {
    const known = this.#runs.get(entry);
    if (known?.running === running) return known;
    const { cgroups, group } = this.parts;
    const folders = new Map<Controller, string>();
    const folder = (controller: Controller): string => {
      const found = folders.get(controller) ?? cgroups.path(controller, group(entry));
      folders.set(controller, found);
      return found;
    };
    const run = { running, folder, account: this.#opened(entry), tidings: new Tidings(), isSaid: false };
    this.#runs.set(entry, run);
    return run;
  }

  #opened(entry: Entry): Account {
    const { version } = this.parts.cgroups;
    const path = join(this.parts.folder(entry), STATE);
    const text = textOf(path);
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
  #save(entry: Entry, running: Running, run: Run): void {
    if (entry.running !== running) return;
    const changes = run.account.takeChanges();
    if (changes === undefined) return;
    const path = join(this.parts.folder(entry), STATE);
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

/** The parameter whose limit memory runs into. */
const refusedBy = (domain: Domain): 'PRIVVMPAGES' | 'PHYSPAGES' =>
  limitsAllocation(domain) ? 'PRIVVMPAGES' : 'PHYSPAGES';

const plain = (amount: bigint): number | null =>
  amount > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(amount);

const buffer = Buffer.alloc(65_536);

/** Read and closed; empty where it is not there. */
function textOf(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return ''; // the domain ended meanwhile, or this kernel has no such file
  }
}
