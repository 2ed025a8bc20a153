// Waits for what a domain is to become: by its events, not in its turn, which others need for it.
// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainState, DomainSummary, WaitRequest } from '@ctvirt/api';
import type { DomainRef } from '../contract.js';
import { EngineError, isFault } from '../errors.js';
import type { DomainEvents } from '../registry/events.js';
import { type Entry, summaryOf } from '../registry/registry.js';
import type { Turns } from './turns.js';

/** Dependencies of `waitFor`. */
export interface WaitParts {
  readonly turns: Pick<Turns, 'find'>;
  readonly events: Pick<DomainEvents, 'listen'>;
  /** When nobody waits any more. */
  readonly gone?: AbortSignal | undefined;
}

const LOOK_MS = 300;
/** What is asked inside may never answer. */
const ANSWER_MS = 10_000;

/** What systemd says of itself in words that will not change by themselves; any other init says nothing of the kind. */
const bootedLine =
  'case $(readlink /proc/1/exe) in */systemd) ;; *) exit 0 ;; esac; ' +
  'case $(systemctl is-system-running 2>/dev/null) in running|degraded) exit 0 ;; esac; exit 1';

/** Resolves when the domain is so, at once if it is. */
export async function waitFor(
  ref: DomainRef,
  { for: wanted, timeoutMs }: WaitRequest,
  { turns, events, gone }: WaitParts,
): Promise<DomainSummary> {
  const entry = turns.find(ref);
  const deadline = performance.now() + timeoutMs;
  const late = (): EngineError =>
    new EngineError(
      'timeout',
      `domain '${entry.record.name}' is not ${wanted} after ${timeoutMs / 1000} s: it is ${entry.state}`,
    );
  for (;;) {
    await becomes(entry, wanted === 'stopped' ? 'shutoff' : 'running', { events, gone, deadline, late });
    if (wanted !== 'booted' || (await isBooted(entry, deadline))) return summaryOf(entry);
    if (performance.now() > deadline) throw late();
    if (gone?.aborted === true) throw left();
    await sleep(LOOK_MS);
  }
}

interface Late {
  readonly deadline: number;
  readonly late: () => EngineError;
}

const left = (): EngineError => new EngineError('interrupted', 'who waited has left');

/** Looks at the state after each event of the domain. */
async function becomes(
  entry: Entry,
  state: DomainState,
  { events, gone, deadline, late }: Pick<WaitParts, 'events' | 'gone'> & Late,
): Promise<void> {
  if (entry.state === state) return;
  await new Promise<void>((resolve, reject) => {
    const over = (error?: EngineError): void => {
      clearTimeout(timer);
      stop();
      gone?.removeEventListener('abort', leave);
      if (error === undefined) resolve();
      else reject(error);
    };
    const stop = events.listen((_event, of) => {
      if (of !== entry) return;
      if (entry.state === state) over();
      else if (entry.presence === 'going')
        over(new EngineError('not-found', `domain '${entry.record.name}' was undefined meanwhile`));
    });
    const timer = setTimeout(() => over(late()), deadline - performance.now());
    const leave = (): void => over(left());
    gone?.addEventListener('abort', leave);
    if (gone?.aborted === true) leave();
  });
}

/** Asked inside; false as well where nothing can be asked, since it is just ending. */
async function isBooted({ running }: Entry, deadline: number): Promise<boolean> {
  try {
    const session = await running?.exec({ argv: ['/bin/sh', '-c', bootedLine], env: {} });
    if (session === undefined) return false;
    const patienceMs = Math.max(0, Math.min(ANSWER_MS, deadline - performance.now()));
    const timer = setTimeout(() => session.kill(), patienceMs);
    session.stdout.resume();
    session.stderr.resume();
    session.stdin.end();
    try {
      return (await session.exited) === 0;
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    if (isFault(error, 'wrong-state') || isFault(error, 'timeout')) return false;
    throw error;
  }
}
