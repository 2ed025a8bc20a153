// Running domains to whose files nothing is written for a while, so that somebody else can copy them.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Domain } from '@ctvirt/xml';
import type { DomainRef, Engine } from '../contract.js';
import type { Subject } from '../drivers/driver.js';
import { EngineError } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import { filesystemsOf } from '../lifecycle/document.js';
import type { Entry } from '../registry/registry.js';
import type { FrozenMarks } from '../state/frozen-marks.js';
import type { Layout } from '../state/layout.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import { backends, type FilesystemSpec, type KeptContext } from '../storage/index.js';
import { atMoment } from '../storage/moment.js';
import { type Lifecycle, runOf } from './lifecycle.js';
import type { Turns } from './turns.js';

/** Longer nobody is held: whoever wanted it may be gone. */
const LIMIT_MS = 120_000;
/** Of a daemon that hangs itself its helper lets go a while later. */
const SLACK_MS = 10_000;

/** Dependencies of `Freezes`. */
export interface FreezeParts {
  readonly turns: Turns;
  readonly jobs: Jobs;
  readonly lifecycle: Pick<Lifecycle, 'hold'>;
  readonly store: Pick<DomainStore, 'rootFolder'>;
  readonly snapshots: Pick<SnapshotStore, 'mark'>;
  readonly layout: Pick<Layout, 'mounts'>;
  readonly frozenMarks: FrozenMarks;
  readonly live: (subject: Subject) => Promise<Domain>;
  readonly kept: (subject: Subject) => KeptContext;
  readonly limitMs?: number;
}

interface Freeze {
  readonly count: number;
  readonly thaw: () => void;
  readonly ended: Promise<void>;
}

/** Each is a job, and the domain's turn: whatever needs either is refused, and ends of the domain end it first. */
export class Freezes implements Pick<Engine, 'freeze' | 'thaw' | 'trim'> {
  /** By UUID; one that has ended stays known until somebody asks. */
  readonly #known = new Map<string, Freeze>();

  constructor(private readonly parts: FreezeParts) {}

  async freeze(ref: DomainRef, targets: readonly string[] = []): Promise<number> {
    const { turns, jobs } = this.parts;
    const found = turns.find(ref);
    const { uuid } = found.record;
    let thaw = (): void => undefined;
    const wished = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    return await new Promise((resolve, reject) => {
      const ended = jobs.run(found, 'freeze', ({ signal }) =>
        turns.take(
          uuid,
          (entry) =>
            this.#hold(entry, targets, async (count) => {
              this.#known.set(uuid, { count, thaw, ended });
              await this.parts.frozenMarks.add(uuid);
              resolve(count);
              // Its end waits for its turn.
              using _end = runOf(entry).watch(thaw);
              await this.#held(entry, { wished, signal });
            }),
          { isJob: true },
        ),
      );
      // Of one that is frozen its thaw is told.
      ended.catch(reject);
    });
  }

  async thaw(ref: DomainRef): Promise<number> {
    const { turns, frozenMarks } = this.parts;
    const { name, uuid } = turns.find(ref).record;
    const freeze = this.#known.get(uuid);
    const since = frozenMarks.get(uuid);
    this.#known.delete(uuid);
    freeze?.thaw();
    await freeze?.ended.finally(() => frozenMarks.delete(uuid));
    if (freeze !== undefined) return freeze.count;
    if (since === undefined) return 0;
    await frozenMarks.delete(uuid);
    throw new EngineError(
      'interrupted',
      `domain '${name}' was frozen at ${since}, and let go when the daemon ended that held it, before ${frozenMarks.openedAt}: what was copied of it since is of no one moment`,
    );
  }

  /** Of one that is to end. */
  async end(ref: DomainRef): Promise<void> {
    await this.thaw(ref).catch(() => 0);
  }

  async trim(
    ref: DomainRef,
    { target, leastBytes = 0 }: { readonly target?: string; readonly leastBytes?: number } = {},
  ): Promise<void> {
    const { turns, layout } = this.parts;
    await turns.take(ref, async (entry) => {
      runOf(entry);
      const { own } = await this.#filesystems(entry, target === undefined ? [] : [target]);
      const { name } = entry.record;
      if (own.length === 0)
        throw new EngineError(
          'unsupported',
          `what domain '${name}' frees is the host's at once: it has no file system of its own${target === undefined ? '' : ` at ${target}`}`,
          { name },
        );
      await atMoment(layout.mounts, async (mounts) => {
        for (const one of own) await one.trim({ mounts, leastBytes });
      });
    });
  }

  async #filesystems(entry: Entry, targets: readonly string[]) {
    const { live, kept } = this.parts;
    const all = filesystemsOf(await live(entry));
    const strange = targets.find((target) => !all.some((spec) => spec.target === target));
    if (strange !== undefined)
      throw new EngineError('invalid', `domain '${entry.record.name}' has no file system at '${strange}'`);
    const specs = all.filter(({ target }) => targets.length === 0 || targets.includes(target));
    const context = kept(entry);
    const own = specs.flatMap((spec: FilesystemSpec) => backends[spec.kind].own?.(spec, context) ?? []);
    return { specs, own };
  }

  /** What is the domain's own is frozen by its file system; elsewhere the host's would be, and its programs stand still instead. */
  async #hold(
    entry: Entry,
    targets: readonly string[],
    use: (count: number) => Promise<void>,
  ): Promise<void> {
    const { lifecycle, snapshots, store, layout } = this.parts;
    const run = runOf(entry);
    const { specs, own } = await this.#filesystems(entry, targets);
    const limitMs = this.#limitMs + SLACK_MS;
    const inMoment = (): Promise<void> =>
      atMoment(layout.mounts, async (mounts) => {
        const frozen = own.reduceRight(
          (work, one) => () => one.freeze({ mounts, limitMs }, work),
          () => use(specs.length),
        );
        await frozen();
      });
    // Of a daemon that is killed meanwhile, and its helpers with it, the next one thaws them.
    const held =
      own.length === 0 ? inMoment : () => snapshots.mark(store.rootFolder(entry.record.name), inMoment);
    if (own.length > 0 && own.length === specs.length) return await held();
    const work = async (): Promise<void> => {
      await run.sync();
      await held();
    };
    await lifecycle.hold(entry, work, limitMs);
  }

  get #limitMs(): number {
    return this.parts.limitMs ?? LIMIT_MS;
  }

  async #held(
    { record: { name, uuid } }: Entry,
    { wished, signal }: { readonly wished: Promise<void>; readonly signal: AbortSignal },
  ): Promise<void> {
    const { frozen } = this.parts.turns;
    const over = new AbortController();
    const late = sleep(this.#limitMs, true, { signal: AbortSignal.any([signal, over.signal]) });
    frozen.add(uuid);
    try {
      if ((await Promise.race([wished, late])) !== true) return;
    } finally {
      over.abort();
      frozen.delete(uuid);
    }
    throw new EngineError(
      'timeout',
      `domain '${name}' was frozen for ${this.#limitMs / 1000} s, and was let go then: what was copied of it since is of no one moment`,
    );
  }
}
