// The console of a container: liblxc's own program outside, on a terminal of the host, passes it on.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { openPty, type Terminal, type TerminalSize, terminalOf } from '../host/pty.js';
import { type Spawned, spawnProgram } from '../host/spawn.js';

/** A program that has not taken its terminal by then never will. */
const RAW_WAIT_MS = 5000;

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm' } as const;

/** An open console. */
export interface Console {
  readonly terminal: Terminal;
  /** Ends the program, which may hang in what nobody reads: it takes no signal but SIGKILL then. */
  readonly hangUp: () => void;
}

/** Resolves when no key can get lost any more, or the program has ended; it ends with its stream. Throws `busy` where another one has it. */
export async function openConsole(
  argv: readonly [string, ...string[]],
  size: TerminalSize,
): Promise<Console> {
  const { master, slave, isRaw } = openPty(size);
  let program: Spawned;
  try {
    // lxc-console reads its input only from a controlling terminal.
    program = spawnProgram(['/usr/bin/setsid', '--ctty', ...argv], {
      env: environment,
      stdio: [slave, slave, slave],
    });
  } catch (error) {
    closeSync(master);
    closeSync(slave);
    throw error;
  }
  const terminal = terminalOf(master, slave, program.ended);
  const { stream } = terminal;
  const hangUp = (): void => program.kill('SIGKILL');
  stream.on('close', hangUp);
  for (let waitedMs = 0; waitedMs < RAW_WAIT_MS && program.isOurs && !stream.destroyed; waitedMs += 2) {
    if (isRaw()) break;
    await sleep(2);
  }
  if (!program.isOurs && isDenied(stream)) {
    stream.destroy();
    throw new EngineError('busy', 'liblxc has given the console to another one');
  }
  return { terminal, hangUp };
}

/** liblxc's program has ended: what it said last stays there to be read. */
function isDenied(stream: Duplex): boolean {
  const said: unknown = stream.read();
  if (!(said instanceof Buffer)) return false;
  stream.unshift(said);
  return said.includes('Denied access to tty');
}
