// What is done in a running domain: its programs, its console, its links.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { EngineLog } from '../log.js';
import { ConsoleHolders } from './console-holder.js';
import type { Turns } from './turns.js';

/** Dependencies of `insideOperations`. */
export interface InsideParts {
  readonly turns: Turns;
  readonly log: EngineLog;
}

/** The engine's operations on what runs in a domain. */
export function insideOperations({
  turns,
  log,
}: InsideParts): Pick<Engine, 'exec' | 'console' | 'signal' | 'addresses' | 'counters'> {
  const holders = new ConsoleHolders(log);
  return {
    exec: async (ref, { argv, env = {}, user, cwd, tty, columns = 80, rows = 24 }) =>
      await turns
        .active(ref)
        .exec({ argv, env, user, folder: cwd, ...(tty === true && { terminal: { columns, rows } }) }),
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
