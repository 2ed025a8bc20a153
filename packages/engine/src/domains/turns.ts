// Whose turn it is: finds the domain that an operation is about, and lets each domain have one at a time.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRef } from '../contract.js';
import type { Run } from '../drivers/driver.js';
import { EngineError } from '../errors.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { KeyedQueue } from '../state/queue.js';
import { runOf } from './lifecycle.js';

/** Finds the domain of an operation, and serializes the operations of each domain. */
export class Turns {
  constructor(
    private readonly registry: Registry,
    private readonly queue: KeyedQueue,
  ) {}

  /** Throws `not-found`, and `busy` for one that is not defined yet. */
  find(ref: DomainRef): Entry {
    const entry = this.registry.find(ref);
    if (entry.pending) throw new EngineError('busy', `domain '${entry.record.name}' is just being defined`);
    return entry;
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

  /** Runs one operation of a domain when the earlier ones have ended; it may be gone by then. */
  async take<T>(ref: DomainRef, operation: (entry: Entry) => Promise<T>): Promise<T> {
    const { name, uuid } = this.find(ref).record;
    return await this.queue.run(name, async () => await operation(this.find(uuid)));
  }
}
