// Whose turn it is: finds the domain that an operation is about, and lets each domain have one at a time.
// SPDX-License-Identifier: Apache-2.0
import { commandFor } from '@ctvirt/xml';
import type { DomainRef } from '../contract.js';
import type { Run } from '../drivers/driver.js';
import { EngineError } from '../errors.js';
import { isGone } from '../host/gone.js';
import { inTurnOfJob } from '../jobs/waits.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { KeyedQueue } from '../state/queue.js';
import { runOf } from './lifecycle.js';

/** Finds the domain of an operation, and serializes the operations of each domain. */
export class Turns {
  /** UUIDs of those that are frozen: whoever asked for that has their turn, for minutes perhaps, and nobody waits for it in silence. */
  readonly frozen = new Set<string>();
  /** UUIDs of those whose turn a job has: whatever else is asked of them waits until it lets that go. */
  readonly ofJobs = new Set<string>();

  constructor(
    private readonly registry: Registry,
    private readonly queue: KeyedQueue,
  ) {}

  /** Throws `not-found`, and `busy` for one that is not defined yet. */
  find(ref: DomainRef): Entry {
    const entry = this.registry.find(ref);
    const { name, uuid } = entry.record;
    if (entry.presence === 'coming') throw new EngineError('busy', `domain '${name}' is just being defined`);
    if (entry.presence === 'going') throw goneMeanwhile(name, uuid);
    return entry;
  }

  /** Looks at a domain beside its turns; one that is just renamed is looked at when that is done, and one that goes is gone. */
  async look<T>(ref: DomainRef, read: (entry: Entry) => Promise<T>): Promise<T> {
    return await this.#lookAt(this.find(ref), read);
  }

  /** The same of several; those that are gone meanwhile are left out. */
  async lookAtEach<T>(entries: readonly Entry[], read: (entry: Entry) => Promise<T>): Promise<T[]> {
    const looks = await Promise.allSettled(entries.map((entry) => this.#lookAt(entry, read)));
    return looks.flatMap((look, index) => {
      if (look.status === 'fulfilled') return [look.value];
      if (entries[index]?.presence === 'going') return [];
      throw look.reason;
    });
  }

  /** The run of a domain; throws `wrong-state` if it is off. */
  run(ref: DomainRef): Run {
    return runOf(this.find(ref));
  }

  /** The same of one in which programs get on; throws `wrong-state` if it is paused. */
  active(ref: DomainRef): Run {
    const entry = this.find(ref);
    const run = runOf(entry);
    if (entry.state === 'paused')
      throw new EngineError('wrong-state', `domain '${entry.record.name}' is paused: resume it first`);
    return run;
  }

  /**
   * Runs one operation of a domain when the earlier ones have ended. Whom the reference means is decided when it is asked for: by then
   * that one may be gone, or have another name, but nobody else is taken for it.
   */
  async take<T>(
    ref: DomainRef,
    operation: (entry: Entry) => Promise<T>,
    { isJob = false }: { readonly isJob?: boolean } = {},
  ): Promise<T> {
    const { uuid, name: asked } = this.find(ref).record;
    if (this.frozen.has(uuid))
      throw new EngineError(
        'busy',
        `the file systems of domain '${asked}' are frozen: \`virsh domfsthaw ${asked}\` or \`${commandFor('job abort', [asked])}\` lets it go on`,
      );
    for (let name = asked; ; ) {
      const once = async (): Promise<string | { readonly done: T }> => {
        const entry = this.#known(uuid, asked);
        refuseGiven(entry);
        // Renamed meanwhile: its turns are those of its new name.
        if (entry.record.name !== name) return entry.record.name;
        if (!isJob) return { done: await operation(entry) };
        this.ofJobs.add(uuid);
        return { done: await operation(entry).finally(() => this.ofJobs.delete(uuid)) };
      };
      const turn = await (isJob ? inTurnOfJob(this.queue, name, once) : this.queue.run(name, once));
      if (typeof turn !== 'string') return turn.done;
      name = turn;
    }
  }

  async #lookAt<T>(entry: Entry, read: (entry: Entry) => Promise<T>): Promise<T> {
    try {
      return await read(entry);
    } catch (error) {
      if (!isGone(error)) throw error;
      return await this.take(entry.record.uuid, read);
    }
  }

  #known(uuid: string, asked: string): Entry {
    const entry = this.registry.byUuid(uuid);
    if (entry === undefined) throw goneMeanwhile(asked, uuid);
    return this.find(uuid);
  }
}

/** Two hosts must never have the same domain. */
export function refuseGiven({ record: { name }, givenTo }: Entry): void {
  if (givenTo === undefined) return;
  throw new EngineError(
    'wrong-state',
    `domain '${name}' was given to ${givenTo}, which has not answered yet that it has it: it is asked again and again; \`${commandFor('migrate', [name], '--keeper here|there')}\` decides if it never will`,
  );
}

const goneMeanwhile = (name: string, uuid: string): EngineError =>
  new EngineError('not-found', `domain '${name}' (${uuid}) is gone meanwhile`, { ref: uuid });
