// Layers that go to another host as streams that only their kind can read, where both hosts have it; files in archives take their place when that fails.
// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import type { MoveAnswer, MoveOffer } from '@ctvirt/api';
import type { MoveTarget } from '../contract.js';
import { isFault } from '../errors.js';
import { backends, type FilesystemSpec, type KeptContext, type OwnStreams } from '../storage/index.js';

interface Going {
  readonly offer: Pick<MoveOffer, 'job'>;
  readonly specs: readonly FilesystemSpec[];
  readonly context: KeptContext;
}

interface Agreed {
  readonly streams: OwnStreams;
  /** Of copies, that were sent so far. */
  count: number;
}

interface SendingCopy {
  /** Where the layer lies that is copied. */
  readonly keep: string;
  /** Whether there is time for what nobody waits for: the domain is down for the last one. */
  readonly isRunning: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly counted: (pieces: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
}

export class SentStreams {
  readonly #agreed = new Map<string, Agreed>();
  /** Why they went otherwise after all. */
  readonly remarks: string[] = [];

  constructor(
    private readonly going: Going,
    private readonly target: Pick<MoveTarget, 'send'>,
  ) {}

  /** Of those that the other host can read, the ones that are made here. */
  agree(said: MoveAnswer['streams']): void {
    for (const spec of this.going.specs) {
      const streams = backends[spec.kind].streams?.(spec, this.going.context);
      if (streams !== undefined && said?.[spec.target] === streams.form)
        this.#agreed.set(spec.target, { streams, count: 0 });
    }
  }

  has(target: string): boolean {
    return this.#agreed.has(target);
  }

  /** Whether none of its copies was sent yet: the first one is all of it. */
  isFirst(target: string): boolean {
    return this.#agreed.get(target)?.count === 0;
  }

  get targets(): string[] {
    return [...this.#agreed.keys()];
  }

  /** Returns whether it is there; if not, all of its files have to go, in the place of whatever came. */
  async send(
    { target: at }: FilesystemSpec,
    { keep: folder, isRunning, signal, counted }: SendingCopy,
  ): Promise<boolean> {
    const agreed = this.#agreed.get(at);
    if (agreed === undefined) return false;
    const { streams } = agreed;
    const number = agreed.count + 1;
    try {
      const bytes = counted(streams.send({ number, folder, signal }));
      const what = { job: this.going.offer.job, target: at, copy: { form: streams.form, number } };
      await this.target.send(what, Readable.from(bytes, { objectMode: false }));
      agreed.count = number;
      if (isRunning) await streams.sent(number);
      return true;
    } catch (error) {
      if (signal?.aborted === true || isFault(error, 'interrupted')) throw error;
      this.leave(at);
      const why = error instanceof Error ? error.message : String(error);
      this.remarks.push(`its files at ${at} went as archives, since streams of its layer failed: ${why}`);
      return false;
    }
  }

  /** From here on it goes otherwise. */
  leave(target: string): void {
    this.#agreed.delete(target);
  }
}
