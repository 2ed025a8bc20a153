// The job of a domain that comes: told of like any other, as long as it is on its way.
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Entry } from '../registry/registry.js';

/** What is known of it before it begins. */
export interface Arriving {
  /** What the host calls itself that it comes from. */
  readonly from: string | undefined;
  /** What its files take, as that host says; 0 where it does not. */
  readonly bytes: number;
  /** Takes back all of it, if that is still this host's to decide; returns whether it is. */
  readonly giveUp: () => boolean;
}

/** Ends with the domain's arrival, however that ends. */
export class ArrivalJob {
  #received = 0;
  #tell: (done: number) => void = () => undefined;
  #end: (downMs: number | null) => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  /** Why nothing more is taken. */
  #left: Error | undefined;
  /** Each for the one piece that is waited for: a promise that were raced with all of them would keep all of them. */
  readonly #waits = new Set<(why: Error) => void>();

  constructor(entry: Entry, { from, bytes, giveUp }: Arriving, jobs: Pick<Jobs, 'run'>) {
    const ended = new Promise<number | null>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    jobs
      .run(entry, 'arrival', async ({ signal, onProgress, note }) => {
        note({ peer: from ?? null });
        this.#tell = (done) =>
          onProgress({ phase: 'receiving', done, ...(bytes > 0 && { total: Math.max(bytes, done) }) });
        signal.addEventListener('abort', () => {
          if (!giveUp()) this.#fail(decidedThere(entry));
        });
        note({ downMs: await ended });
      })
      // Whoever brings it is told why it does not come.
      .catch(() => undefined);
  }

  /** What comes of its files, counted; throws when it is left. */
  async *counted(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const pieces = bytes[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#unlessLeft(pieces.next());
      if (next.done === true) return;
      this.#tell((this.#received += next.value.length));
      yield next.value;
    }
  }

  /** Nothing more of it is taken. */
  leave(why: Error): void {
    this.#left ??= why;
    for (const giveUp of this.#waits) giveUp(this.#left);
  }

  async #unlessLeft<T>(coming: Promise<T>): Promise<T> {
    let giveUp = (_why: Error): void => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        coming.then(resolve, reject);
        if (this.#left !== undefined) reject(this.#left);
        giveUp = reject;
        this.#waits.add(giveUp);
      });
    } finally {
      this.#waits.delete(giveUp);
    }
  }

  /** It is here, after it was down for so long. */
  done(downMs: number | null): void {
    this.#end(downMs);
  }

  /** It does not come. */
  failed(error: Error): void {
    this.#fail(error);
  }
}

const decidedThere = ({ record: { name } }: Entry): EngineError =>
  new EngineError(
    'busy',
    `all of domain '${name}' is here: whether it is this host's is decided where it comes from (\`${commandFor('migrate', [name], '--keeper here|there')}\`)`,
  );
