// What is done in a running domain: its programs, its console, its links.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import type { Turns } from './turns.js';

/** Dependencies of `insideOperations`. */
export interface InsideParts {
  readonly turns: Turns;
}

/** The engine's operations on what runs in a domain. */
export const insideOperations = ({
  turns,
}: InsideParts): Pick<Engine, 'exec' | 'console' | 'signal' | 'addresses' | 'counters'> => ({
  exec: async (ref, { argv, env = {}, tty, columns = 80, rows = 24 }) =>
    await turns.active(ref).exec({ argv, env, ...(tty === true && { terminal: { columns, rows } }) }),
  console: async (ref, { columns = 80, rows = 24 } = {}) =>
    await turns.active(ref).console({ columns, rows }),
  signal: (ref, pid, signal) => turns.run(ref).signal(pid, signal),
  addresses: async (ref) => await turns.run(ref).addresses(),
  counters: (ref) => turns.run(ref).counters(),
});
