// Defines, adopts and undefines domains, and makes transient ones.
// SPDX-License-Identifier: Apache-2.0
import type { DefineResult } from '@ctvirt/api';
import type { DomainRef, Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import { type Entry, type Registry, summaryOf } from '../registry/registry.js';
import type { KeyedQueue } from '../state/queue.js';
import type { DomainStore } from '../state/store.js';
import type { Definer } from './definer.js';
import type { Lifecycle } from './lifecycle.js';
import type { Turns } from './turns.js';

/** Dependencies of `defineOperations`. */
export interface DefineParts {
  readonly turns: Turns;
  readonly definer: Definer;
  readonly adopter: Pick<Engine, 'adopt'>;
  readonly lifecycle: Lifecycle;
  readonly queue: KeyedQueue;
  readonly registry: Registry;
  readonly store: DomainStore;
}

type Options = { readonly strict?: boolean } | undefined;

/** The engine's operations that make and unmake a domain. */
export function defineOperations(
  parts: DefineParts,
): Pick<Engine, 'define' | 'adopt' | 'create' | 'undefine' | 'setAutostart'> {
  const { turns, adopter, definer } = parts;
  return {
    define: async (xml, options) => {
      const { entry, findings, isChanged } = await definer.define(xml, { ...options, persistent: true });
      return { domain: summaryOf(entry), findings, ...(isChanged && { changed: true }) };
    },
    adopt: (request) => adopter.adopt(request),
    create: (xml, options) => create(xml, options, parts),
    undefine: (ref, options) => undefine(ref, options?.storage === true, parts),
    setAutostart: (ref, autostart) => turns.take(ref, (entry) => setAutostart(entry, autostart, parts)),
  };
}

async function create(
  xml: string,
  options: Options,
  { turns, definer, lifecycle }: DefineParts,
): Promise<DefineResult> {
  const { entry, findings } = await definer.define(xml, { strict: options?.strict, persistent: false });
  // In one turn of its queue: nobody else may start or define it between a failure and its end.
  await turns.take(entry.record.uuid, async (found) => {
    try {
      await lifecycle.start(found);
    } catch (error) {
      if (found.state === 'shutoff' && !found.record.persistent)
        await definer.forget(found, { erase: found.record.eraseAtEnd });
      throw error;
    }
  });
  return { domain: summaryOf(entry), findings };
}

/** With its storage also what was kept of a domain that is gone. */
async function undefine(
  ref: DomainRef,
  storage: boolean,
  { turns, definer, queue, registry }: DefineParts,
): Promise<void> {
  const isKept = storage && registry.byName(ref) === undefined;
  if (isKept && (await queue.run(ref, () => definer.eraseKept(ref)))) return;
  await turns.take(ref, (entry) => definer.undefine(entry, { storage }));
}

async function setAutostart(entry: Entry, autostart: boolean, { store, registry }: DefineParts) {
  if (!entry.record.persistent)
    throw new EngineError(
      'wrong-state',
      `domain '${entry.record.name}' is transient and cannot be started by itself`,
    );
  const record = { ...entry.record, autostart };
  await store.writeRecord(record);
  registry.replace(entry, record);
  return summaryOf(entry);
}
