// Does at its time what a domain's schedule says, and clears what is over: looked at once a minute.
// SPDX-License-Identifier: Apache-2.0
import { onBehalfOf } from '../asker.js';
import { isFault } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { EngineLog } from '../log.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { SnapshotSchedule } from '../schedule/schedule.js';
import { nameAt, spanMs } from '../schedule/times.js';
import type { Graves } from '../state/graves.js';
import { Due } from './due.js';
import { EachMinute } from './each-minute.js';
import type { Roots } from './roots.js';

/** When a schedule was last obeyed. */
export interface LastTime {
  readonly when: string;
  readonly at: Date;
}

/** The same by UUID; kept for the next daemon. */
export interface Times {
  get(uuid: string): LastTime | undefined;
  set(uuid: string, last: LastTime): void;
  /** Forgets those that are not among these, and writes it down. */
  save(uuids: ReadonlySet<string>): Promise<void>;
}

/** What it has to know of a snapshot. */
export interface KnownSnapshot {
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly by: string;
}

/** What it asks of snapshots. */
export interface SnapshotCalls {
  list(uuid: string): readonly KnownSnapshot[];
  create(
    uuid: string,
    request: { readonly name: string; readonly expiresAt?: string; readonly by: 'schedule' },
  ): Promise<unknown>;
  delete(uuid: string, name: string): Promise<unknown>;
}

/** Dependencies of `Scheduler`. */
export interface SchedulerParts {
  readonly registry: Pick<Registry, 'here'>;
  readonly snapshots: SnapshotCalls;
  readonly jobs: Pick<Jobs, 'of'>;
  readonly roots: Pick<Roots, 'clearMoved'>;
  readonly graves: Pick<Graves, 'retry'>;
  readonly times: Times;
  readonly log: EngineLog;
  /** Domains at once. */
  readonly width: number;
  readonly now?: () => Date;
  /** The host's if absent. */
  readonly zone?: string;
}

const defaultPattern = 'auto-%Y%m%d-%H%M';

/** Makes snapshots, and deletes those that have expired and what domains left that were moved. */
export class Scheduler {
  readonly #due: Due;
  readonly #now: () => Date;
  readonly #minute: EachMinute;
  #retrying: Promise<void> | undefined;

  constructor(private readonly parts: SchedulerParts) {
    const { now = () => new Date(), zone, log } = parts;
    this.#now = now;
    this.#due = new Due(zone);
    const failed = (error: unknown): void => log('error', `the schedule was not looked at: ${String(error)}`);
    this.#minute = new EachMinute(() => this.#look(), failed, now);
  }

  open(): void {
    this.#minute.open();
  }

  async close(): Promise<void> {
    await this.#minute.close();
  }

  /** Goes through all domains once. */
  look(): Promise<void> {
    return this.#minute.look();
  }

  async #look(): Promise<void> {
    const { registry, roots, times, width } = this.parts;
    await roots.clearMoved(this.#now());
    this.#retryGraves();
    const entries = registry.here();
    const waiting = [...entries];
    let isChanged = false;
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !this.#minute.isClosed; next = waiting.shift())
        isChanged = (await this.#served(next)) || isChanged;
    };
    await Promise.all(Array.from({ length: width }, worker));
    if (isChanged) await times.save(new Set(entries.map(({ record }) => record.uuid)));
  }

  /** Beside all else: millions of files take longer than anybody's schedule may wait. */
  #retryGraves(): void {
    this.#retrying ??= this.parts.graves.retry().finally(() => {
      this.#retrying = undefined;
    });
  }

  /** The same as `#serve`; what is wrong with one domain keeps nobody from the others. */
  async #served(entry: Entry): Promise<boolean> {
    const { name } = entry.record;
    return await this.#serve(entry).catch((error: unknown) => {
      this.parts.log('error', `domain '${name}': its schedule was not looked at: ${String(error)}`, {
        domain: name,
      });
      return false;
    });
  }

  /** Whether a time has changed. One that has a job waits for a later look. */
  async #serve(entry: Entry): Promise<boolean> {
    const { jobs, times } = this.parts;
    const { uuid, schedule, persistent } = entry.record;
    if (!persistent || jobs.of(uuid) !== undefined) return false;
    const now = this.#now();
    const snapshots = this.#snapshotsOf(uuid);
    const wanted = schedule?.snapshots;
    const isChanged = wanted !== undefined && (await this.#make(entry, wanted, snapshots, now));
    if (isChanged) times.set(uuid, { when: wanted.when, at: now });
    for (const { name, expiresAt } of snapshots)
      if (expiresAt !== null && Date.parse(expiresAt) <= now.valueOf()) await this.#expire(entry, name);
    return isChanged;
  }

  async #make(
    entry: Entry,
    schedule: SnapshotSchedule,
    snapshots: readonly KnownSnapshot[],
    now: Date,
  ): Promise<boolean> {
    const { name, uuid } = entry.record;
    const { when } = schedule;
    const due = this.#due.of({ uuid, when, last: this.#lastOf(uuid, when, snapshots), now });
    if (due !== 'due') return due === 'seen';
    if (schedule.stopped === false && entry.state === 'shutoff') return true;
    try {
      await onBehalfOf(
        () => 'its schedule',
        () => this.#create(uuid, schedule, { snapshots, now }),
      );
    } catch (error) {
      if (isFault(error, 'in-use') || isFault(error, 'busy')) return false;
      this.parts.log('error', `domain '${name}': no snapshot by its schedule: ${String(error)}`, {
        domain: name,
      });
    }
    return true;
  }

  async #create(
    uuid: string,
    { pattern = defaultPattern, expiry }: SnapshotSchedule,
    { snapshots, now }: { readonly snapshots: readonly KnownSnapshot[]; readonly now: Date },
  ): Promise<void> {
    const wanted = nameAt(pattern, now, this.parts.zone);
    const taken = new Set(snapshots.map(({ name }) => name));
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    await this.parts.snapshots.create(uuid, {
      name,
      by: 'schedule',
      ...(expiry !== undefined && { expiresAt: new Date(now.valueOf() + spanMs(expiry)).toISOString() }),
    });
  }

  async #expire(entry: Entry, snapshot: string): Promise<void> {
    const { log, snapshots } = this.parts;
    const { name, uuid } = entry.record;
    try {
      await snapshots.delete(uuid, snapshot);
      log('info', `domain '${name}': snapshot '${snapshot}' has expired and is deleted`, { domain: name });
    } catch (error) {
      log('error', `domain '${name}': snapshot '${snapshot}' has expired, and stays: ${String(error)}`, {
        domain: name,
      });
    }
  }

  /** Those of one that is just going are none. */
  #snapshotsOf(uuid: string): readonly KnownSnapshot[] {
    try {
      return this.parts.snapshots.list(uuid);
    } catch (error) {
      if (isFault(error, 'not-found')) return [];
      throw error;
    }
  }

  /** A daemon that was killed after it had made one had not written that down yet. */
  #lastOf(uuid: string, when: string, snapshots: readonly KnownSnapshot[]): Date | undefined {
    const known = this.parts.times.get(uuid);
    if (known?.when !== when) return undefined;
    const made = snapshots
      .filter(({ by }) => by === 'schedule')
      .map(({ createdAt }) => Date.parse(createdAt));
    return new Date(made.reduce((latest, at) => Math.max(latest, at), known.at.valueOf()));
  }
}
