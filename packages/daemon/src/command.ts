// The command that a daemon serves for, instead of until it is stopped.
// SPDX-License-Identifier: Apache-2.0
import { spawnProgram } from '@ctvirt/engine';

/** Runs it with our own streams and returns its status; one that a signal ended has that of a shell. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  root: string | undefined,
): Promise<number> {
  const env = { ...process.env, ...(root !== undefined && { CTVIRT_ROOT: root }) };
  const child = spawnProgram(argv, { env: definite(env), stdio: [0, 1, 2], folder: process.cwd() });
  const forward = (): void => child.kill('SIGTERM');
  // Of Ctrl-C the terminal tells the command itself.
  const wait = (): void => undefined;
  process.on('SIGTERM', forward).on('SIGINT', wait);
  try {
    return await child.ended;
  } finally {
    process.off('SIGTERM', forward).off('SIGINT', wait);
  }
}

function definite(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
