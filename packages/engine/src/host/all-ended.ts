// Steps side by side, none of which goes on after whoever began them has given up.
// SPDX-License-Identifier: Apache-2.0

/** Throws the first failure, when all have ended. */
export async function allEnded(steps: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(steps)) if (result.status === 'rejected') throw result.reason;
}
