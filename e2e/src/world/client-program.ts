// How libvirt's own clients are run here: in English, with no configuration of anybody's, for as long as a busy machine needs.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type Outcome, run } from './command.js';

export const clientOptions = { env: { LC_ALL: 'C', HOME: '/nonexistent' }, timeoutMs: 60_000 } as const;

/** Runs a client that must succeed. */
export async function done(argv: readonly string[]): Promise<Outcome> {
  const outcome = await run(argv, clientOptions);
  assert.equal(outcome.status, 0, `${argv.join(' ')}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}
