// Who has the console of each domain: one at a time, whichever front end he came by, and whoever insists takes it over.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, isFault } from '../errors.js';
import type { EngineLog } from '../log.js';

/** Who leaves a console and comes back at once is not kept out by himself. */
const GRACE_MS = 300;
/** How long liblxc may take to notice that the last one has gone. */
const FREE_MS = 3000;
const LOOK_MS = 20;

export interface ConsoleRequest {
  /** Whether he who has it now loses it. */
  readonly force: boolean;
  /** Who asks, in words. */
  readonly by: string;
}

interface Named {
  readonly name: string;
  readonly uuid: string;
}

class Holding {
  readonly since = new Date();
  readonly gone: Promise<void>;
  release: () => void = () => undefined;
  #stream: Duplex | undefined;
  #loss: EngineError | undefined;

  constructor(readonly by: string) {
    this.gone = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  /** It is released with its stream. */
  give(stream: Duplex): void {
    this.#stream = stream;
    stream.once('close', () => this.release());
    if (this.#loss !== undefined) stream.destroy(this.#loss);
  }

  lose(loss: EngineError): void {
    this.#loss = loss;
    this.#stream?.destroy(loss);
  }
}

export class ConsoleHolders {
  readonly #held = new Map<string, Holding>();

  constructor(private readonly log: EngineLog) {}

  /** Opens it for who asks, and keeps it his until its stream is closed; throws `in-use` with who has it. */
  async hold<T extends { readonly stream: Duplex }>(
    domain: Named,
    request: ConsoleRequest,
    open: () => Promise<T>,
  ): Promise<T> {
    const holding = await this.#take(domain, request);
    try {
      const terminal = await opened(domain, open);
      holding.give(terminal.stream);
      return terminal;
    } catch (error) {
      holding.release();
      throw error;
    }
  }

  /** Waits until nobody has it; of several who wait one is first. */
  async #take(domain: Named, { force, by }: ConsoleRequest): Promise<Holding> {
    const waitMs = force ? FREE_MS : GRACE_MS;
    for (const deadline = performance.now() + waitMs; ; ) {
      const holder = this.#held.get(domain.uuid);
      if (holder === undefined) return this.#begin(domain, by);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw held(domain, holder);
      if (force) {
        this.log('info', `domain '${domain.name}': ${by} takes its console over from ${holder.by}`, {
          domain: domain.name,
        });
        holder.lose(takenOver(domain, by));
      }
      await atMost(leftMs, holder.gone);
    }
  }

  #begin({ uuid }: Named, by: string): Holding {
    const holding = new Holding(by);
    this.#held.set(uuid, holding);
    void holding.gone.then(() => this.#held.delete(uuid));
    return holding;
  }
}

/** liblxc gives a console to one at a time, too, and may have been asked by somebody else. */
async function opened<T>({ name }: Named, open: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + FREE_MS; ; ) {
    try {
      return await open();
    } catch (error) {
      if (!isFault(error, 'busy')) throw error;
      if (performance.now() >= deadline)
        throw new EngineError(
          'in-use',
          `a program of the host that ctvirt has not started, such as lxc-console, has the console of domain '${name}': end it first`,
          { name },
          { cause: error },
        );
    }
    await sleep(LOOK_MS);
  }
}

/** Resolves when the promise does, or it takes too long. */
async function atMost(ms: number, promise: Promise<void>): Promise<void> {
  const late = new AbortController();
  await Promise.race([promise, sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}

const held = ({ name }: Named, { by, since }: Holding): EngineError =>
  new EngineError(
    'in-use',
    `${by} has had the console of domain '${name}' since ${since.toTimeString().slice(0, 8)}: --force takes it over`,
    { name, users: [by] },
  );

const takenOver = ({ name }: Named, by: string): EngineError =>
  new EngineError('interrupted', `${by} has taken over the console of domain '${name}'`);
