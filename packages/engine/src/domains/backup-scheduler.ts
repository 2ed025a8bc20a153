// Backs domains up at the times of their schedules, one after the other, and removes what is not to be kept: looked at once a minute.
// SPDX-License-Identifier: Apache-2.0
import { onBehalfOf } from '../asker.js';
import type { KnownFilesStore } from '../backup/known-files.js';
import type { Repositories } from '../backup/repositories.js';
import type { Engine, Watched } from '../contract.js';
import { isFault } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { EngineLog } from '../log.js';
import type { Entry, Registry } from '../registry/registry.js';
import { type BackupSchedule, NEVER } from '../schedule/backups.js';
import type { BackupTimes } from '../state/backup-times.js';
import { Due } from './due.js';
import { EachMinute } from './each-minute.js';

/** Dependencies of `BackupScheduler`. */
export interface BackupSchedulerParts {
  readonly registry: Pick<Registry, 'here' | 'byUuid'>;
  readonly backups: Pick<Engine['backups'], 'create' | 'forget' | 'prune'>;
  readonly jobs: Pick<Jobs, 'of'>;
  readonly backupTimes: Pick<BackupTimes, 'get' | 'obeyed' | 'keepOnly'>;
  readonly knownFiles: Pick<KnownFilesStore, 'keepOnly'>;
  readonly repositories: Pick<Repositories, 'keepOnly'>;
  /** Of domains whose document says nothing. */
  readonly backupSchedule?: BackupSchedule | undefined;
  readonly log: EngineLog;
  readonly now?: () => Date;
  /** The host's if absent. */
  readonly zone?: string;
}

/** A domain's own, or else the host's; undefined where it is not to be backed up. */
export function backupsOf(
  { record: { schedule, persistent } }: Pick<Entry, 'record'>,
  host: BackupSchedule | undefined,
): BackupSchedule | undefined {
  if (!persistent) return undefined;
  const wanted = schedule?.backups ?? host;
  return wanted?.when === NEVER ? undefined : wanted;
}

/** A repository is written by one at a time: a second domain would have its job only to wait. */
export class BackupScheduler {
  readonly #due: Due;
  readonly #now: () => Date;
  readonly #minute: EachMinute;
  readonly #closing = new AbortController();

  constructor(private readonly parts: BackupSchedulerParts) {
    const { now = () => new Date(), zone, log } = parts;
    this.#now = now;
    this.#due = new Due(zone);
    const failed = (error: unknown): void =>
      log('error', `the schedule of backups was not looked at: ${String(error)}`);
    this.#minute = new EachMinute(
      () =>
        onBehalfOf(
          () => 'its schedule',
          () => this.#look(),
        ),
      failed,
      now,
    );
  }

  open(): void {
    this.#minute.open();
  }

  /** Ends what is under way, which may take hours; the next daemon begins it again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#minute.close();
  }

  /** Goes through all domains once. */
  look(): Promise<void> {
    return this.#minute.look();
  }

  async #look(): Promise<void> {
    const { registry, backupTimes, knownFiles, repositories, backups, backupSchedule } = this.parts;
    for (const known of [backupTimes, knownFiles, repositories])
      known.keepOnly((uuid) => registry.byUuid(uuid) !== undefined);
    const shrunk = new Set<string | undefined>();
    for (const entry of registry.here()) {
      const wanted = backupsOf(entry, backupSchedule);
      if (this.#minute.isClosed) return;
      if (wanted === undefined) continue;
      const { name } = entry.record;
      // What is wrong with one keeps nobody from the others.
      await this.#tell(`domain '${name}': its schedule of backups was not looked at`, async () => {
        if (await this.#serve(entry, wanted)) shrunk.add(wanted.repository);
      });
    }
    // It takes long, and the repository for itself: once, after the last of them.
    for (const repository of shrunk)
      if (!this.#minute.isClosed)
        await this.#tell(`backups that went have left their room taken`, async () => {
          await backups.prune(repositoryOf(repository), this.#watched);
        });
  }

  /** Whether backups were removed. What has a job, or is in use, waits for a later look. */
  async #serve(entry: Entry, { when, repository, mounts, keep }: BackupSchedule): Promise<boolean> {
    const { jobs, backupTimes, backups } = this.parts;
    const { name, uuid } = entry.record;
    if (jobs.of(uuid) !== undefined) return false;
    const now = this.#now();
    const { obeyed } = backupTimes.get(uuid);
    const last = obeyed?.when === when ? new Date(obeyed.at) : undefined;
    const due = this.#due.of({ uuid, when, last, now });
    if (due === 'seen') await backupTimes.obeyed(uuid, when, now);
    if (due !== 'due') return false;
    const where = repositoryOf(repository);
    let isTaken = false;
    let waits = false;
    await this.#tell(`domain '${name}': no backup by its schedule`, async () => {
      try {
        await backups.create(uuid, { ...where, ...(mounts !== undefined && { mounts }) }, this.#watched);
        isTaken = true;
      } catch (error) {
        waits = this.#minute.isClosed || isFault(error, 'busy') || jobs.of(uuid) !== undefined;
        if (!waits) throw error;
      }
    });
    if (!waits) await backupTimes.obeyed(uuid, when, now);
    if (!isTaken || keep === undefined) return false;
    let isShrunk = false;
    await this.#tell(`domain '${name}': backups that are not to be kept stay`, async () => {
      const { last: keepLast, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly } = keep;
      const counts = Object.entries({ keepLast, keepDaily, keepWeekly, keepMonthly });
      const said = Object.fromEntries(counts.filter(([, count]) => count !== undefined));
      const asked = { ...where, domain: uuid, ...said };
      isShrunk = (await backups.forget(asked, this.#watched)).removed.length > 0;
    });
    return isShrunk;
  }

  get #watched(): Watched {
    return { signal: this.#closing.signal };
  }

  async #tell(failed: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.parts.log('error', `${failed}: ${String(error)}`));
  }
}

const repositoryOf = (repository: string | undefined): { readonly repository?: string } =>
  repository === undefined ? {} : { repository };
