// What is done in a running domain: its programs, its console, its links.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRef, Engine, ExecSession, Transfer } from '../contract.js';
import type { Driver } from '../drivers/driver.js';
import type { EngineLog } from '../log.js';
import type { Documents } from '../registry/documents.js';
import type { RootMounts } from '../storage/root-mounts.js';
import { ConsoleHolders } from './console-holder.js';
import type { Turns } from './turns.js';

/** Dependencies of `insideOperations`. */
export interface InsideParts {
  readonly turns: Turns;
  readonly log: EngineLog;
  readonly driver: Driver;
  readonly documents: Documents;
  readonly rootMounts: Pick<RootMounts, 'refuse'>;
}

/** The engine's operations on what runs in a domain. */
export function insideOperations(
  parts: InsideParts,
): Pick<Engine, 'exec' | 'push' | 'pull' | 'console' | 'signal' | 'addresses' | 'counters'> {
  const { turns, log } = parts;
  const holders = new ConsoleHolders(log);
  return {
    exec: async (ref, { argv, env = {}, user, cwd, tty, columns = 80, rows = 24 }) =>
      await turns
        .active(ref)
        .exec({ argv, env, user, folder: cwd, ...(tty === true && { terminal: { columns, rows } }) }),
    push: async (ref, request, file) => await transferOf(ref, { kind: 'push', ...request, file }, parts),
    pull: async (ref, request, file) => await transferOf(ref, { kind: 'pull', ...request, file }, parts),
    console: async (ref, { columns = 80, rows = 24, force = false, by = 'somebody' } = {}) => {
      const { record } = turns.find(ref);
      const run = turns.active(record.uuid);
      return await holders.hold(record, { force, by }, () => run.console({ columns, rows }));
    },
    signal: (ref, pid, signal) => turns.run(ref).signal(pid, signal),
    addresses: async (ref) => await turns.run(ref).addresses(),
    counters: (ref) => turns.run(ref).counters(),
  };
}

/** What runs is reached beside its turn; what is off has its turn until the transfer has ended, so that nobody starts it meanwhile. */
async function transferOf(
  ref: DomainRef,
  what: Transfer,
  { turns, driver, documents, rootMounts }: InsideParts,
): Promise<ExecSession> {
  const entry = turns.find(ref);
  if (entry.running !== undefined) return await driver.transfer(entry, await documents.live(entry), what);
  return await new Promise((resolve, reject) => {
    const turn = turns.take(ref, async (found) => {
      rootMounts.refuse(found.record);
      const session = await driver.transfer(found, await documents.live(found), what);
      resolve(session);
      await session.exited;
    });
    turn.catch(reject);
  });
}
