// Jobs that have ended, in one file for the next daemon, and those that were under way when this one was killed.
// SPDX-License-Identifier: Apache-2.0
import type { Job, JobKind } from '@ctvirt/api';
import { readIfThere, writeAtomically } from '../host/files.js';

/** So many that have ended are known; the contract says so. */
const MOST = 200;
/** What begins within so long is written once. */
const SAVE_MS = 300;

/** Remembers them in memory alone without a file. */
export class JobHistory {
  readonly #ended: Job[] = [];
  readonly #running = new Map<string, Job>();
  /** Those that have ended, which nobody is told before it is written. */
  readonly #ending = new Set<Job>();
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** A save that has not begun, which whatever happens now is part of. */
  #next: Promise<void> | undefined;

  constructor(
    private readonly path?: string,
    known: readonly Job[] = [],
    /** What an earlier daemon was in the middle of when it ended. */
    readonly interrupted: readonly Job[] = [],
  ) {
    this.#ended.push(...known.slice(-MOST));
  }

  /** Whatever was under way has failed with its daemon. A file that cannot be read is as none. */
  static async open(path: string): Promise<JobHistory> {
    const now = new Date().toISOString();
    const interrupted: Job[] = [];
    const ended = jobsIn(await readIfThere(path)).map((job): Job => {
      if (job.state !== 'running') return job;
      const failed: Job = {
        ...job,
        ...{ state: 'failed', endedAt: now, exclusive: false, error: 'the daemon ended in the middle of it' },
      };
      interrupted.push(failed);
      return failed;
    });
    return new JobHistory(path, ended, interrupted);
  }

  /** The oldest first. */
  ended(): readonly Job[] {
    return this.#ended;
  }

  begin(job: Job): void {
    this.#running.set(job.id, job);
    this.#saveSoon();
  }

  /** When this resolves the next daemon knows it; `onEnded` is called as it joins those that have ended, so that it is in one list at a time. */
  async end(job: Job, onEnded: () => void = () => undefined): Promise<void> {
    this.#running.delete(job.id);
    this.#ending.add(job);
    await this.#save();
    this.#ending.delete(job);
    this.#ended.push(job);
    onEnded();
    if (this.#ended.length > MOST) this.#ended.shift();
  }

  /** All is written when this resolves. */
  async close(): Promise<void> {
    if (this.#timer !== undefined) await this.#save();
    await this.#saving;
  }

  #saveSoon(): void {
    if (this.path === undefined) return;
    this.#timer ??= setTimeout(() => void this.#save(), SAVE_MS).unref();
  }

  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next ??= this.#saving.then(() => {
      this.#next = undefined;
      return this.#write();
    });
    this.#saving = this.#next;
    return this.#next;
  }

  async #write(): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    const ended = [...this.#ended, ...this.#ending].slice(-MOST);
    const jobs = [...ended, ...this.#running.values()];
    // A disk that is full must not end what is remembered here only for people.
    await writeAtomically(path, `${JSON.stringify({ version: 1, jobs })}\n`, { durable: false }).catch(
      () => undefined,
    );
  }
}

/** The compiler sees to it that none is missing. */
const kinds: Readonly<Record<JobKind, true>> = {
  export: true,
  import: true,
  backup: true,
  restore: true,
  move: true,
  arrival: true,
  snapshot: true,
  revert: true,
  clone: true,
  freeze: true,
  build: true,
  update: true,
  check: true,
  forget: true,
  prune: true,
};
const states: Readonly<Record<Job['state'], true>> = {
  running: true,
  done: true,
  failed: true,
  cancelled: true,
};

const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

const checks: { readonly [K in keyof Job]: (value: unknown) => boolean } = {
  id: isText,
  domain: isTextOrNull,
  uuid: isTextOrNull,
  template: isTextOrNull,
  repository: isTextOrNull,
  kind: (value) => typeof value === 'string' && Object.hasOwn(kinds, value),
  state: (value) => typeof value === 'string' && Object.hasOwn(states, value),
  startedAt: isText,
  endedAt: isTextOrNull,
  elapsedMs: Number.isSafeInteger,
  waitedMs: Number.isSafeInteger,
  exclusive: (value) => typeof value === 'boolean',
  percent: (value) => value === null || Number.isSafeInteger(value),
  peer: isTextOrNull,
  downMs: (value) => value === null || Number.isSafeInteger(value),
  progress: isProgress,
  by: isTextOrNull,
  error: isTextOrNull,
};

function isProgress(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  const [phase, done]: unknown[] = [Reflect.get(value, 'phase'), Reflect.get(value, 'done')];
  return typeof phase === 'string' && typeof done === 'number';
}

const isJob = (value: unknown): value is Job =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(checks).every(([key, check]) => check(Reflect.get(value, key)));

/** Earlier daemons did not count them. */
const withWaits = (job: unknown): unknown =>
  typeof job === 'object' && job !== null ? { waitedMs: 0, ...job } : job;

function jobsIn(text = '{}'): readonly Job[] {
  try {
    const content: unknown = JSON.parse(text);
    const jobs: unknown = typeof content === 'object' && content !== null ? Reflect.get(content, 'jobs') : [];
    return Array.isArray(jobs) ? jobs.map(withWaits).filter(isJob) : [];
  } catch {
    return []; // damaged
  }
}
