// Long operations: one at a time for each domain, told of while it goes on, ended when somebody asks, and remembered.
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import type { Job, JobKind, Progress } from '@ctvirt/api';
import { commandFor } from '@ctvirt/xml';
import { asker } from '../asker.js';
import type { Watched } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import { JobHistory } from './history.js';
import { Waits } from './waits.js';

/** Whose job it is, by the name it has now: a domain's, or that of something else of the host. */
type JobSubject = DomainSubject | { readonly template: string } | { readonly repository: string };

interface DomainSubject {
  readonly record: { readonly name: string; readonly uuid: string };
}

interface Running {
  readonly subject: JobSubject;
  readonly controller: AbortController;
  readonly settled: Promise<unknown>;
  /** By the clock that nobody sets, in milliseconds. */
  readonly began: number;
  readonly waits: Waits;
  /** When its progress was last told to those who watch. */
  toldMs: number;
  state: Omit<Job, 'domain' | 'elapsedMs' | 'waitedMs' | 'exclusive' | 'percent'>;
}

/** So often those who watch are told how far one is. */
const TELL_MS = 500;

/** What a job has besides, and may say of itself. */
type Facts = Pick<Job, 'peer' | 'downMs'>;

/** What its work gets: who watches it, and what keeps what it says of itself. */
export interface Working extends Required<Watched> {
  readonly note: (facts: Partial<Facts>) => void;
}

type Given = { readonly [K in keyof Watched]?: Watched[K] | undefined };

/** Runs jobs. What one had made when the daemon ended is for its own part to clear; that it ended so, the next one tells. */
export class Jobs {
  readonly #running = new Map<string, Running>();
  readonly #last = new Map<string, Job>();
  readonly #watchers = new Set<(job: Job) => void>();

  /** `tell` hears of those of domains when they begin and when they have ended; `isExclusive` says whether all else waits for that of a domain now. */
  constructor(
    private readonly tell: (job: Job) => void,
    private readonly isExclusive: (uuid: string) => boolean = () => false,
    private readonly history = new JobHistory(),
  ) {
    for (const job of history.ended()) if (job.uuid !== null) this.#last.set(job.uuid, job);
  }

  /**
   * Throws `in-use` with what is under way if the domain has a job. It does not wait for the domain's turn: work that needs that takes it
   * itself. `watched` is whoever asked for it.
   */
  async run<T>(
    subject: JobSubject,
    kind: JobKind,
    work: (watched: Working) => Promise<T>,
    watched: Given = {},
  ): Promise<T> {
    const names = namesOf(subject);
    if (names.uuid !== null) this.refuse(names.uuid);
    const controller = new AbortController();
    const signals = [controller.signal, watched.signal].filter((one) => one !== undefined);
    const signal = AbortSignal.any(signals);
    const { promise: settled, resolve: settle } = promised();
    const running: Running = {
      subject,
      controller,
      settled,
      began: performance.now(),
      waits: new Waits(),
      toldMs: 0,
      state: {
        id: randomBytes(6).toString('hex'),
        ...names,
        kind,
        state: 'running',
        startedAt: new Date().toISOString(),
        endedAt: null,
        peer: null,
        downMs: null,
        progress: null,
        by: asker() ?? null,
        error: null,
      },
    };
    const { id } = running.state;
    this.#running.set(id, running);
    const end = async (ending: Pick<Job, 'state' | 'error'>): Promise<void> => {
      const state = { ...running.state, ...ending, endedAt: new Date().toISOString() };
      const job = this.#jobOf({ ...running, state });
      // Whoever hears of an end may rely on it, also if the daemon is killed now.
      await this.history.end(job, () => this.#running.delete(id));
      if (names.uuid !== null) this.#last.set(names.uuid, job);
      settle();
      this.#tellAll(job);
    };
    this.history.begin(this.#jobOf(running));
    this.#tellAll(this.#jobOf(running));
    const timed = timing();
    try {
      const working: Working = {
        signal,
        onProgress: (said) => {
          const progress = timed(said);
          this.#getOn(running, progress);
          watched.onProgress?.(progress);
        },
        note: (facts) => {
          running.state = { ...running.state, ...facts };
        },
      };
      const result = await running.waits.of(() => work(working));
      await end({ state: 'done', error: null });
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isCancelled = signal.aborted && isEnding(kind, error);
      const ending = `interrupted; ${endings[kind] ?? 'nothing was kept'}`;
      await end(isCancelled ? { state: 'cancelled', error: ending } : { state: 'failed', error: message });
      if (!isCancelled) throw error;
      throw new EngineError('interrupted', `${kind} of ${words(subject)}: ${ending}`, {}, { cause: error });
    }
  }

  /** Throws `in-use` if the domain has a job under way. */
  refuse(uuid: string): void {
    const job = this.of(uuid);
    if (job === undefined) return;
    const { kind, progress, startedAt } = job;
    const domain = job.domain ?? uuid;
    throw new EngineError(
      'in-use',
      `domain '${domain}' has a job, ${kind}, since ${startedAt}${howFar(progress)}; \`${commandFor('job abort', [domain])}\` ends it`,
      { name: domain },
    );
  }

  /** Those under way, then those that have ended, the newest first. */
  list(): Job[] {
    const running = [...this.#running.values()].map((one) => this.#jobOf(one));
    return [...running, ...[...this.history.ended()].reverse()];
  }

  /** Calls back when one begins, gets on or ends; the result unsubscribes. */
  watch(listener: (job: Job) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** By its id; throws `not-found`. */
  show(id: string): Job {
    const job = this.list().find((one) => one.id === id);
    if (job === undefined) throw new EngineError('not-found', `there is no job '${id}'`, { name: id });
    return job;
  }

  /** Returns it as it was; throws `wrong-state` if it has ended. */
  cancel(id: string): Job {
    const job = this.show(id);
    const running = this.#running.get(id);
    if (running === undefined) throw new EngineError('wrong-state', `job '${id}' has ended: ${job.state}`);
    running.controller.abort();
    return job;
  }

  of(uuid: string): Job | undefined {
    const running = this.#ofDomain(uuid);
    return running && this.#jobOf(running);
  }

  lastOf(uuid: string): Job | undefined {
    return this.#last.get(uuid);
  }

  /** The domain of this name or UUID that has had one last: it may be gone, as one that was moved. */
  subjectOf(ref: string): { readonly name: string; readonly uuid: string } | undefined {
    const { domain, uuid } =
      [...this.#last.values()].findLast((job) => job.domain === ref || job.uuid === ref) ?? {};
    return typeof domain === 'string' && typeof uuid === 'string' ? { name: domain, uuid } : undefined;
  }

  /** Returns it as it was; undefined if there is none. */
  abort(uuid: string): Job | undefined {
    const running = this.#ofDomain(uuid);
    running?.controller.abort();
    return running && this.#jobOf(running);
  }

  /** Of a domain that is gone. */
  forget(uuid: string): void {
    this.#last.delete(uuid);
  }

  /** Ends all, and resolves when they have ended. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ settled }) => settled));
    await this.history.close();
  }

  #ofDomain(uuid: string): Running | undefined {
    return [...this.#running.values()].find(({ state }) => state.uuid === uuid);
  }

  #getOn(running: Running, progress: Progress): void {
    const before = running.state.progress;
    running.state = { ...running.state, progress };
    const now = performance.now();
    if (this.#watchers.size === 0) return;
    if (before?.phase === progress.phase && now - running.toldMs < TELL_MS) return;
    running.toldMs = now;
    this.#tellWatchers(this.#jobOf(running));
  }

  #tellAll(job: Job): void {
    if (job.uuid !== null) this.tell(job);
    this.#tellWatchers(job);
  }

  #tellWatchers(job: Job): void {
    for (const listener of [...this.#watchers]) listener(job);
  }

  #jobOf({ subject, state, began, waits }: Running): Job {
    const { uuid, progress } = state;
    return {
      domain: 'record' in subject ? subject.record.name : null,
      ...state,
      elapsedMs: Math.round(performance.now() - began),
      waitedMs: Math.round(waits.ms),
      exclusive: state.endedAt === null && uuid !== null && this.isExclusive(uuid),
      percent: percentOf(progress),
    };
  }
}

const namesOf = (subject: JobSubject): Pick<Job, 'uuid' | 'template' | 'repository'> => ({
  uuid: 'record' in subject ? subject.record.uuid : null,
  template: 'template' in subject ? subject.template : null,
  repository: 'repository' in subject ? subject.repository : null,
});

function words(subject: JobSubject): string {
  if ('record' in subject) return `domain '${subject.record.name}'`;
  return 'template' in subject ? `template '${subject.template}'` : `repository '${subject.repository}'`;
}

function percentOf(progress: Progress | null): number | null {
  if (progress?.total === undefined || progress.total <= 0) return null;
  return Math.floor(100 * Math.min(1, Math.max(0, progress.done / progress.total)));
}

/** Sooner nobody can tell how fast it goes. */
const TIMED_MS = 1000;

/** Says of each step how long what is left of its phase will take. */
function timing(now: () => number = () => performance.now()): (progress: Progress) => Progress {
  let began: { readonly phase: string; readonly done: number; readonly at: number } | undefined;
  return (progress) => {
    const { phase, done, total } = progress;
    const at = now();
    if (began?.phase !== phase || done < began.done) began = { phase, done, at };
    const ms = at - began.at;
    if (total === undefined || ms < TIMED_MS || done <= began.done) return progress;
    return { ...progress, leftMs: Math.round((ms * Math.max(0, total - done)) / (done - began.done)) };
  };
}

/** Whether a job that was told to end has failed of that: what was decided by then goes on, and may fail of something else. */
function isEnding(kind: JobKind, error: unknown): boolean {
  if (kind === 'move') return !isFault(error, 'timeout');
  if (kind !== 'revert' && kind !== 'arrival') return true;
  return error instanceof Error && (error.name === 'AbortError' || isFault(error, 'interrupted'));
}

/** What became of a domain whose job was ended, where nothing was to be made of it. */
const endings: { readonly [K in JobKind]?: string } = {
  arrival: 'the domain stays where it was',
  freeze: 'the domain goes on',
  move: 'the domain stays here',
  revert: 'the domain is as before',
};

function howFar(progress: Progress | null): string {
  if (progress === null) return '';
  const percent = percentOf(progress);
  return percent === null ? `: ${progress.phase}` : `: ${progress.phase} ${percent} %`;
}

function promised() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
