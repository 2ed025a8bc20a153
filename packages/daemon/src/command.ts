// The command that a daemon serves for, instead of until it is stopped.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { EngineError } from '@ctvirt/engine';

/** Runs it with our own streams and answers its status; one that a signal ended has that of a shell. */
export async function runCommand(argv: readonly string[], root: string | undefined): Promise<number> {
  const [file = '', ...args] = argv;
  const env = root === undefined ? process.env : { ...process.env, CTVIRT_ROOT: root };
  const child = spawn(file, args, { stdio: 'inherit', env });
  const forward = (): void => void child.kill('SIGTERM');
  // Of Ctrl-C the terminal tells the command itself.
  const wait = (): void => undefined;
  process.on('SIGTERM', forward).on('SIGINT', wait);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new EngineError('host-command', `cannot run ${file}: ${cause.message}`, {}, { cause })),
      );
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  } finally {
    process.off('SIGTERM', forward).off('SIGINT', wait);
  }
}
