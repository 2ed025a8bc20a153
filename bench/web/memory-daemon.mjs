// A daemon over an engine in memory, with as many domains as are asked for, each second of which runs.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = new URL('../../packages/daemon/dist/testing/memory-daemon.js', import.meta.url).pathname;

/**
 * Runs `work` with such a daemon; nothing of it is left.
 *
 * @template T
 * @param {number} count
 * @param {(daemon: { socketPath: string, pid: number }) => Promise<T>} work
 */
export async function withDomains(count, work) {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-web-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'run'));
  const socketPath = join(folder, 'run', 'http.sock');
  const daemon = spawn(process.execPath, [program, socketPath, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = daemon;
  try {
    const gone = once(daemon, 'exit').then(([code]) => {
      throw new Error(`the daemon in memory ended by itself, with ${code}`);
    });
    await Promise.race([once(daemon.stdout, 'data'), gone]);
    // Its end is what is waited for later.
    gone.catch(() => undefined);
    if (pid === undefined) throw new Error('the daemon was not started');
    return await work({ socketPath, pid });
  } finally {
    const ended = once(daemon, 'exit');
    if (daemon.exitCode === null && daemon.kill()) await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What a process has had of processors, in milliseconds; the kernel counts it in tens of them.
 *
 * @param {number} pid
 */
export function processorMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
