// Programs run inside a container, and its console: streams for a frontend to carry.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { readNumber } from './cgroups/layout.js';
import type { ExecSession } from './contract.js';
import { EngineError } from './errors.js';
import { childrenOf } from './host/processes.js';
import { openPty, type Pty } from './host/pty.js';
import { withGuestUmask } from './host/umask.js';
import type { Entry } from './state/registry.js';

/** liblxc's own words for it name no limit, and would be taken for the program's. */
export function refuseWithoutRoom({ record }: Entry, pids: string): void {
  const there = readNumber(join(pids, 'pids.current'));
  const most = readNumber(join(pids, 'pids.max'));
  if (there === null || most === null || there < most) return;
  throw new EngineError(
    'over-quota',
    `domain '${record.name}' has ${there} processes and may have ${most}: \`ctvirt set ${record.name} --numproc\` gives it more`,
    { processes: there, limit: most },
  );
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A program that has not taken its terminal by then never will. */
const RAW_WAIT_MS = 5000;

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'xterm' } as const;

/** Runs argv of the host with pipes; what it starts in the container is ended with the session. */
export function openPipes(argv: readonly [string, ...string[]]): ExecSession {
  const [file, ...args] = argv;
  const child = withGuestUmask(() =>
    spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: environment }),
  );
  child.stdin.on('error', () => undefined); // the program may end without reading its input
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: exitOf(child),
    resize: () => undefined,
    kill: () => endTree(child),
  };
}

/** Runs argv of the host on a terminal of its own. */
export function openTerminal(argv: readonly [string, ...string[]], size: TerminalSize): ExecSession {
  return onTerminal(argv, size).session;
}

/** The same for a program that passes keys on: resolves when none of them can get lost any more, or it has ended. */
export async function openRawTerminal(
  argv: readonly [string, ...string[]],
  size: TerminalSize,
): Promise<ExecSession> {
  const { session, pty } = onTerminal(argv, size);
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  session.exited.then(end, end);
  for (let waitedMs = 0; waitedMs < RAW_WAIT_MS && !hasEnded && !pty.stream.destroyed; waitedMs += 2) {
    if (pty.isRaw()) break;
    await sleep(2);
  }
  return session;
}

function onTerminal(
  argv: readonly [string, ...string[]],
  size: TerminalSize,
): { readonly session: ExecSession; readonly pty: Pty } {
  const pty = openPty(size.columns, size.rows);
  // lxc-attach reads its input only from a controlling terminal, and a session of Node's making has none.
  const child = withGuestUmask(() =>
    spawn('/usr/bin/setsid', ['--ctty', ...argv], {
      stdio: [pty.slaveFd, pty.slaveFd, pty.slaveFd],
      env: environment,
    }),
  );
  closeSync(pty.slaveFd);
  const stderr = new PassThrough();
  stderr.end();
  const session: ExecSession = {
    stdin: pty.stream,
    stdout: pty.stream,
    stderr,
    exited: exitOf(child),
    resize: pty.resize,
    kill: () => {
      endTree(child);
      pty.stream.destroy();
    },
  };
  return { session, pty };
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new EngineError('host-command', `cannot run ${child.spawnfile}`, {}, { cause })),
    );
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** lxc-attach's child is the program inside; ending only lxc-attach would leave it running. */
function endTree(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of childrenOf(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself meanwhile
    }
  }
  child.kill('SIGKILL');
}
