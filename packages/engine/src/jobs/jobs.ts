// Long operations of domains: one at a time for each, told of while it goes on, ended when somebody asks, and the last one remembered.
// SPDX-License-Identifier: Apache-2.0
import type { Job, JobKind, Progress } from '@ctvirt/api';
import type { Watched } from '../contract.js';
import { EngineError, isFault } from '../errors.js';

/** Whose job it is, by the name it has now. */
interface JobSubject {
  readonly record: { readonly name: string; readonly uuid: string };
}

interface Running {
  readonly subject: JobSubject;
  readonly controller: AbortController;
  readonly settled: Promise<unknown>;
  /** By the clock that nobody sets, in milliseconds; the end is undefined while it is under way. */
  readonly began: number;
  ended: number | undefined;
  state: Omit<Job, 'domain' | 'elapsedMs' | 'exclusive'>;
}

type Given = { readonly [K in keyof Watched]?: Watched[K] | undefined };

/** Runs jobs. They are known in memory alone: what one had made when the daemon ended is for its own part to clear. */
export class Jobs {
  readonly #running = new Map<string, Running>();
  readonly #last = new Map<string, Running>();

  /** `tell` hears of each when it begins and when it has ended; `isExclusive` says whether all else waits for that of a domain now. */
  constructor(
    private readonly tell: (job: Job) => void,
    private readonly isExclusive: (uuid: string) => boolean = () => false,
  ) {}

  /**
   * Throws `in-use` with what is under way if the domain has a job. It does not wait for the domain's turn: work that needs that takes it
   * itself. `watched` is whoever asked for it.
   */
  async run<T>(
    subject: JobSubject,
    kind: JobKind,
    work: (watched: Required<Watched>) => Promise<T>,
    watched: Given = {},
  ): Promise<T> {
    const { name, uuid } = subject.record;
    this.refuse(uuid);
    const controller = new AbortController();
    const signals = [controller.signal, watched.signal].filter((one) => one !== undefined);
    const signal = AbortSignal.any(signals);
    const { promise: settled, resolve: settle } = promised();
    const running: Running = {
      subject,
      controller,
      settled,
      began: performance.now(),
      ended: undefined,
      state: {
        uuid,
        kind,
        state: 'running',
        startedAt: new Date().toISOString(),
        endedAt: null,
        progress: null,
        error: null,
      },
    };
    this.#running.set(uuid, running);
    const end = (ending: Pick<Job, 'state' | 'error'>): void => {
      running.ended = performance.now();
      running.state = { ...running.state, ...ending, endedAt: new Date().toISOString() };
      this.#running.delete(uuid);
      this.#last.set(uuid, running);
      settle();
      this.tell(this.#jobOf(running));
    };
    this.tell(this.#jobOf(running));
    const timed = timing();
    try {
      const result = await work({
        signal,
        onProgress: (said) => {
          const progress = timed(said);
          running.state = { ...running.state, progress };
          watched.onProgress?.(progress);
        },
      });
      end({ state: 'done', error: null });
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isCancelled = signal.aborted && isEnding(kind, error);
      const ending = `interrupted; ${endings[kind] ?? 'nothing was kept'}`;
      end(isCancelled ? { state: 'cancelled', error: ending } : { state: 'failed', error: message });
      if (!isCancelled) throw error;
      throw new EngineError('interrupted', `${kind} of domain '${name}': ${ending}`, {}, { cause: error });
    }
  }

  /** Throws `in-use` if the domain has a job under way. */
  refuse(uuid: string): void {
    const running = this.#running.get(uuid);
    if (running === undefined) return;
    const { domain, kind, progress, startedAt } = this.#jobOf(running);
    throw new EngineError(
      'in-use',
      `domain '${domain}' has a job, ${kind}, since ${startedAt}${howFar(progress)}; \`ctvirt job abort ${domain}\` ends it`,
      { name: domain },
    );
  }

  list(): Job[] {
    const known = new Map([...this.#last, ...this.#running]);
    return [...known.values()].map((one) => this.#jobOf(one));
  }

  of(uuid: string): Job | undefined {
    const running = this.#running.get(uuid);
    return running && this.#jobOf(running);
  }

  lastOf(uuid: string): Job | undefined {
    const last = this.#last.get(uuid);
    return last && this.#jobOf(last);
  }

  /** Returns it as it was; undefined if there is none. */
  abort(uuid: string): Job | undefined {
    const running = this.#running.get(uuid);
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
  }

  #jobOf({ subject, state, began, ended }: Running): Job {
    return {
      domain: subject.record.name,
      ...state,
      elapsedMs: Math.round((ended ?? performance.now()) - began),
      exclusive: ended === undefined && this.isExclusive(state.uuid),
    };
  }
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
  if (kind !== 'revert') return true;
  return error instanceof Error && (error.name === 'AbortError' || isFault(error, 'interrupted'));
}

/** What became of a domain whose job was ended, where nothing was to be made of it. */
const endings: { readonly [K in JobKind]?: string } = {
  freeze: 'the domain goes on',
  move: 'the domain stays here',
  revert: 'the domain is as before',
};

function howFar(progress: Progress | null): string {
  if (progress === null) return '';
  const { phase, done, total } = progress;
  return total === undefined || total <= 0
    ? `: ${phase}`
    : `: ${phase} ${Math.floor((100 * done) / total)} %`;
}

function promised() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
