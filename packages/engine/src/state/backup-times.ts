// When domains were last backed up, what went wrong since, and when their schedules were obeyed: in one file, for the next daemon.
// SPDX-License-Identifier: Apache-2.0
import { readIfThere, writeAtomically } from '../host/files.js';

/** The last backup that there is. */
export interface LastBackup {
  readonly id: string;
  readonly repository: string;
  /** RFC 3339, as all times here. */
  readonly takenAt: string;
  /** Whether all is in there that was to be. */
  readonly isComplete: boolean;
}

/** What is known of a domain. */
export interface BackupHistory {
  readonly last?: LastBackup;
  /** Of the last one that was asked for, if there is none of it. */
  readonly failure?: { readonly at: string; readonly error: string };
  /** When which schedule was last obeyed, and since when there is one. */
  readonly obeyed?: { readonly when: string; readonly at: string; readonly since: string };
}

/** By UUID. */
export class BackupTimes {
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly known: Map<string, BackupHistory>,
    private readonly remark: (message: string) => void,
  ) {}

  /** A file that cannot be read is as none: schedules begin anew. One that cannot be written fails nothing that is done, and is remarked. */
  static async open(path: string, remark: (message: string) => void = () => undefined): Promise<BackupTimes> {
    return new BackupTimes(path, historiesIn(await readIfThere(path)), remark);
  }

  get(uuid: string): BackupHistory {
    return this.known.get(uuid) ?? {};
  }

  /** Whether there are backups in a repository of this name. */
  hasIn(repository: string): boolean {
    return [...this.known.values()].some(({ last }) => last?.repository === repository);
  }

  async succeeded(uuid: string, last: LastBackup): Promise<void> {
    const { failure: _failure, ...history } = this.get(uuid);
    await this.#set(uuid, { ...history, last });
  }

  /** One of an earlier time, or of another host, where none is known. */
  async found(uuid: string, last: LastBackup): Promise<void> {
    if (this.get(uuid).last === undefined) await this.#set(uuid, { ...this.get(uuid), last });
  }

  async failed(uuid: string, failure: NonNullable<BackupHistory['failure']>): Promise<void> {
    await this.#set(uuid, { ...this.get(uuid), failure });
  }

  async obeyed(uuid: string, when: string, at: Date): Promise<void> {
    const { obeyed } = this.get(uuid);
    const now = at.toISOString();
    const since = obeyed?.when === when && obeyed.since < now ? obeyed.since : now;
    await this.#set(uuid, { ...this.get(uuid), obeyed: { when, at: now, since } });
  }

  /** Of a domain that is gone; written with the next one. */
  keepOnly(isThere: (uuid: string) => boolean): void {
    for (const uuid of this.known.keys()) if (!isThere(uuid)) this.known.delete(uuid);
  }

  async #set(uuid: string, history: BackupHistory): Promise<void> {
    this.known.set(uuid, history);
    const save = () =>
      writeAtomically(
        this.path,
        `${JSON.stringify({ version: 1, domains: Object.fromEntries(this.known) })}\n`,
      );
    this.#saving = this.#saving.then(save).catch((error: unknown) => {
      this.remark(`what became of backups is known to this daemon alone: ${String(error)}`);
    });
    await this.#saving;
  }
}

function historiesIn(text = '{}'): Map<string, BackupHistory> {
  return new Map(Object.entries(domainsIn(text)).map(([uuid, value]) => [uuid, historyIn(value)]));
}

function domainsIn(text: string): object {
  try {
    return objectIn(JSON.parse(text), 'domains');
  } catch {
    return {}; // damaged
  }
}

function historyIn(value: unknown): BackupHistory {
  const [last, failure, obeyed] = ['last', 'failure', 'obeyed'].map((key) => objectIn(value, key));
  const [id, repository, takenAt] = ['id', 'repository', 'takenAt'].map((key) => textIn(last, key));
  const [failedAt, error] = ['at', 'error'].map((key) => textIn(failure, key));
  const [when, at, since] = ['when', 'at', 'since'].map((key) => textIn(obeyed, key));
  const isComplete = Reflect.get(last ?? {}, 'isComplete') === true;
  return {
    ...(id && repository && isTime(takenAt) && { last: { id, repository, takenAt, isComplete } }),
    ...(error && isTime(failedAt) && { failure: { at: failedAt, error } }),
    ...(when && isTime(at) && isTime(since) && { obeyed: { when, at, since } }),
  };
}

function objectIn(value: unknown, key: string): object {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'object' && found !== null ? found : {};
}

function textIn(value: object | undefined, key: string): string | undefined {
  const found: unknown = Reflect.get(value ?? {}, key);
  return typeof found === 'string' ? found : undefined;
}

const isTime = (text: string | undefined): text is string =>
  text !== undefined && !Number.isNaN(Date.parse(text));
