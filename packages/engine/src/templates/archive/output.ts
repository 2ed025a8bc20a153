// What a program of the host writes to its standard output, held to how it ends.
// SPDX-License-Identifier: Apache-2.0
import type { Child, ExitStatus } from './child.js';
import { missingPackage } from './confined.js';
import { commandFailure } from './errors.js';

/** What a program is run for, told if it fails. */
export interface Command {
  /** What could not be done then. */
  readonly failed: string;
  readonly argv: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Whether it did what it was run for; with status 0 alone if absent. */
  readonly isRight?: (status: ExitStatus) => boolean;
}

/** Ends only if the program ended well; throws `commandFailure` otherwise. */
export async function* outputOf(
  child: Child,
  { failed, argv, signal, isRight = (status) => status === 0 }: Command,
): AsyncGenerator<Buffer> {
  for await (const chunk of child.stdout) yield chunk;
  const status = await child.ended;
  signal?.throwIfAborted();
  if (isRight(status)) return;
  const stderr = child.complaint;
  throw commandFailure(failed, { argv, status, stderr }, missingPackage(stderr));
}
