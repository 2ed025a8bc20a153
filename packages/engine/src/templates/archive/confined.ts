// Command lines that run a program on hostile input where it reaches nothing but its pipes and one folder.
// SPDX-License-Identifier: Apache-2.0
/** What a confined program may have. */
export interface Confinement {
  /** Folder mounted writable at `/target`, the working directory; none: nothing is writable. */
  target?: string;
  /** Folder mounted at `/source`, which cannot be written. */
  source?: string;
  /** Capabilities kept, such as `CAP_CHOWN`; all others are gone for good. */
  capabilities?: readonly string[];
  /** What else of the host it sees, and by which name. */
  binds?: readonly { from: string; to: string; writable?: boolean }[];
  /** Devices of the host that it may open. */
  devices?: readonly string[];
  /** Whether it has a folder for temporary files, in memory. */
  scratch?: boolean;
  /** What it takes for the host's name. */
  hostname?: string;
  cpuSeconds: number;
  memoryBytes: number;
  /** Longest single file it may write. */
  fileBytes: number;
}

/**
 * `command` with all that descends from it in a pid namespace that dies with this process, however it dies.
 * Needed around bwrap too: its inner process waits for its outer one for ever when that is killed early on.
 * It has that namespace's /proc: bwrap looks up its child there, and in another's may find nothing.
 */
export function tethered(
  command: readonly string[],
  ...namespaces: readonly string[]
): [string, ...string[]] {
  const argv = ['--pdeathsig', 'KILL', '--', 'unshare', '--pid', '--fork', '--kill-child=KILL'];
  return ['setpriv', ...argv, '--mount', '--mount-proc', ...namespaces, '--', ...command];
}

/**
 * The full command line for `command` in namespaces of its own (mount, pid, net, ipc, uts, cgroup).
 * Its root holds only the host's programs, read only; no new privileges; it ends with its parent.
 * There is no user namespace, because files must get any owner on disk: the capabilities do that work.
 */
export function confinedArgv(command: readonly string[], box: Confinement): [string, ...string[]] {
  const argv = ['prlimit', '--core=0', '--nofile=256', `--fsize=${box.fileBytes}`];
  argv.push(
    `--cpu=${box.cpuSeconds}`,
    `--as=${box.memoryBytes}`,
    '--',
    'bwrap',
    '--new-session',
    '--unshare-net',
    '--unshare-ipc',
    '--unshare-uts',
  );
  argv.push('--unshare-cgroup-try', '--ro-bind', '/usr', '/usr');
  // Merged or not, these names must lead to the loader and its libraries.
  for (const path of ['/bin', '/lib', '/lib64']) argv.push('--ro-bind-try', path, path);
  argv.push('--cap-drop', 'ALL');
  for (const capability of box.capabilities ?? []) argv.push('--cap-add', capability);
  if (box.scratch === true) argv.push('--tmpfs', '/tmp');
  if (box.hostname !== undefined) argv.push('--hostname', box.hostname);
  for (const { from, to, writable } of box.binds ?? [])
    argv.push(writable === true ? '--bind' : '--ro-bind', from, to);
  for (const path of box.devices ?? []) argv.push('--dev-bind', path, path);
  if (box.source !== undefined) argv.push('--ro-bind', box.source, '/source');
  if (box.target !== undefined) argv.push('--bind', box.target, '/target', '--chdir', '/target');
  else argv.push('--chdir', '/');
  return tethered([...argv, '--', ...command]);
}

// Debian's package of every program run here, for the message when it is missing.
const packages: Readonly<Record<string, string>> = {
  borg: 'borgbackup',
  bwrap: 'bubblewrap',
  gzip: 'gzip',
  lzop: 'lzop',
  mmdebstrap: 'mmdebstrap',
  restic: 'restic',
  rsync: 'rsync',
  tar: 'tar',
  unsquashfs: 'squashfs-tools',
  xz: 'xz-utils',
  zstd: 'zstd',
};

/** The Debian package to install when a command line ended because the host has not its program. */
export function missingPackage(stderr: string): string | undefined {
  const program = /(?:failed to execute|execvp) ([^:\s]+): No such file/.exec(stderr)?.[1];
  return program === undefined ? undefined : (packages[program] ?? program);
}
