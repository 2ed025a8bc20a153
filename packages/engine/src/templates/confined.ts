// Runs a program on hostile input where it can reach nothing but its pipes and, if given, one folder.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';

/** What a confined program may have. */
export interface Confinement {
  /** Folder mounted writable at `/target`, the working directory; none: nothing is writable. */
  target?: string;
  /** Capabilities kept, such as `CAP_CHOWN`; all others are gone for good. */
  capabilities?: readonly string[];
  cpuSeconds: number;
  memoryBytes: number;
  /** Longest single file it may write. */
  fileBytes: number;
}

/** The programs `confined` needs on the host; Debian packages util-linux and bubblewrap. */
export const CONFINEMENT_PROGRAMS = ['prlimit', 'bwrap'] as const;

/**
 * The full command line for `command` in namespaces of its own (mount, pid, net, ipc, uts, cgroup).
 * Its root holds only the host's programs, read only; no new privileges; it ends with its parent.
 * There is no user namespace, because files must get any owner on disk: the capabilities do that work.
 */
export function confinedArgv(command: readonly string[], box: Confinement): string[] {
  const argv = ['prlimit', '--core=0', '--nofile=256', `--fsize=${box.fileBytes}`];
  argv.push(`--cpu=${box.cpuSeconds}`, `--as=${box.memoryBytes}`, '--', 'bwrap', '--die-with-parent');
  argv.push('--new-session', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts');
  argv.push('--unshare-cgroup-try', '--ro-bind', '/usr', '/usr');
  // Merged or not, these names must lead to the loader and its libraries.
  for (const path of ['/bin', '/lib', '/lib64']) argv.push('--ro-bind-try', path, path);
  argv.push('--cap-drop', 'ALL');
  for (const capability of box.capabilities ?? []) argv.push('--cap-add', capability);
  if (box.target !== undefined) argv.push('--bind', box.target, '/target', '--chdir', '/target');
  else argv.push('--chdir', '/');
  return [...argv, '--', ...command];
}

/** Starts `command` confined; `stdin`, `stdout` and `stderr` as `spawn` takes them. */
export function spawnConfined(
  command: readonly string[],
  box: Confinement,
  stdio: ['pipe', 'pipe' | 'ignore', 'pipe'],
): ChildProcess {
  const [file = 'prlimit', ...args] = confinedArgv(command, box);
  return spawn(file, args, {
    stdio,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
  });
}
