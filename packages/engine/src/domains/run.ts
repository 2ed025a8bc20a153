// Starts, pauses and ends domains, each in its turn.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { DomainRef, Engine } from '../contract.js';
import type { DomainEvents } from '../registry/events.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import type { Freezes } from './freezes.js';
import type { Lifecycle } from './lifecycle.js';
import type { Turns } from './turns.js';
import { waitFor } from './wait.js';

/** Dependencies of `runOperations`. */
export interface RunParts {
  readonly turns: Turns;
  readonly lifecycle: Lifecycle;
  readonly events: DomainEvents;
  readonly freezes: Freezes;
}

/** The engine's operations on what a domain does. */
export function runOperations(
  parts: RunParts,
): Pick<Engine, 'start' | 'shutdown' | 'reboot' | 'destroy' | 'suspend' | 'resume' | 'wait'> {
  const { turns, lifecycle, freezes } = parts;
  const summarily = (operation: (entry: Entry) => Promise<void>) => (ref: DomainRef) =>
    turns.take(ref, async (entry) => {
      await operation(entry);
      return summaryOf(entry);
    });
  return {
    start: (ref, options) =>
      turns.take(ref, async (entry) => {
        await lifecycle.start(entry, { isRescue: options?.rescue === true });
        return summaryOf(entry);
      }),
    shutdown: (ref, options) => ask(ref, 'poweroff', options?.waitMs, parts),
    reboot: (ref, options) => ask(ref, 'reboot', options?.waitMs, parts),
    destroy: async (ref) => {
      await freezes.end(ref);
      return await summarily((entry) => lifecycle.destroy(entry))(ref);
    },
    suspend: summarily((entry) => lifecycle.suspend(entry)),
    resume: summarily((entry) => lifecycle.resume(entry)),
    wait: (ref, request, gone) => waitFor(ref, request, { ...parts, gone }),
  };
}

/** Asks init, then waits outside the domain's queue: its end needs a turn there. */
async function ask(
  ref: DomainRef,
  what: 'poweroff' | 'reboot',
  waitMs: number | undefined,
  { turns, lifecycle, events, freezes }: RunParts,
): Promise<DomainSummary> {
  const { name, uuid } = turns.find(ref).record;
  const wanted = what === 'poweroff' ? 'stopped' : 'started';
  await freezes.end(uuid);
  const happened = waitMs === undefined ? undefined : events.next(name, wanted, waitMs);
  // Whoever has given up by the time of its turn asks nothing any more.
  const asked = turns.take(uuid, async (entry) => {
    if (happened?.isOver !== true) await lifecycle.ask(entry, what);
  });
  try {
    await Promise.race(happened === undefined ? [asked] : [asked, happened.promise]);
    return (await happened?.promise) ?? summaryOf(turns.find(uuid));
  } catch (error) {
    happened?.cancel();
    throw error;
  }
}
