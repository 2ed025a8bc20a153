// Starts programs without a copy of the daemon's page tables, so that a start takes no longer the more domains it keeps.
// SPDX-License-Identifier: Apache-2.0
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';

// Node starts programs by fork(2): 3 ms for a process of 50 MB, 30 ms for one of 150 MB. posix_spawn(3) shares the
// memory until the program is there, and takes well below 1 ms for any.
const libc = koffi.load(null);
const cSpawn = libc.func('int posix_spawn(_Out_ int *, str, void *, void *, str *, str *)');
const cActionsInit = libc.func('int posix_spawn_file_actions_init(void *)');
const cActionsDup = libc.func('int posix_spawn_file_actions_adddup2(void *, int, int)');
const cActionsOpen = libc.func('int posix_spawn_file_actions_addopen(void *, int, str, int, uint)');
const cActionsFolder = libc.func('int posix_spawn_file_actions_addchdir_np(void *, str)');
const cActionsCloseFrom = libc.func('int posix_spawn_file_actions_addclosefrom_np(void *, int)');
const cActionsDestroy = libc.func('int posix_spawn_file_actions_destroy(void *)');
const cAttributesInit = libc.func('int posix_spawnattr_init(void *)');
const cAttributesFlags = libc.func('int posix_spawnattr_setflags(void *, short)');
const cAttributesMask = libc.func('int posix_spawnattr_setsigmask(void *, void *)');
const cAttributesDefault = libc.func('int posix_spawnattr_setsigdefault(void *, void *)');
const cWait = libc.func('int waitpid(int, _Out_ int *, int)');

/** glibc's structures have 80 and 336 bytes. */
const STRUCT_BYTES = 1024;
const SIGSET_BYTES = 128;
const SPAWN_SETSIGDEF = 4;
const SPAWN_SETSIGMASK = 8;
const WNOHANG = 1;
const O_RDWR = 2;

export interface SpawnOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of ours for the program's own first three; /dev/null where none is given. */
  readonly stdio?: readonly (number | undefined)[];
  /** Whether this process may end before the program has; otherwise it waits, as for Node's own child processes. */
  readonly unref?: boolean;
}

export interface Spawned {
  readonly pid: number;
  /** Exit status, or 128 and the number of the signal that ended it. */
  readonly ended: Promise<number>;
  /** False once it has ended and its pid may be another's. */
  readonly isOurs: boolean;
}

/** Starts a program in `/` with no descriptors but the three and no signals blocked or ignored; throws `host-command`. */
export function spawnProgram(argv: readonly [string, ...string[]], options: SpawnOptions): Spawned {
  const [file] = argv;
  const actions = Buffer.alloc(STRUCT_BYTES);
  cActionsInit(actions);
  try {
    for (let fd = 0; fd < 3; fd++) {
      const given = options.stdio?.[fd];
      if (given === undefined) cActionsOpen(actions, fd, '/dev/null', O_RDWR, 0);
      else cActionsDup(actions, given, fd);
    }
    cActionsCloseFrom(actions, 3);
    cActionsFolder(actions, '/');
    const environment = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
    const pid = [0];
    const failed: unknown = cSpawn(pid, file, actions, attributes, [...argv, null], [...environment, null]);
    if (failed !== 0) {
      const errno = getSystemErrorName(-Number(failed));
      throw new EngineError(
        'host-command',
        `cannot run ${file}: ${errno === 'ENOENT' ? 'it is not installed' : errno}`,
        { argv, errno },
      );
    }
    return watch(pid[0] ?? 0, options.unref === true);
  } finally {
    cActionsDestroy(actions);
  }
}

/** Nothing blocked; what Node ignores or handles back to the default. */
const attributes = Buffer.alloc(STRUCT_BYTES);
cAttributesInit(attributes);
cAttributesFlags(attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK);
cAttributesMask(attributes, Buffer.alloc(SIGSET_BYTES));
cAttributesDefault(attributes, Buffer.alloc(SIGSET_BYTES, 0xff));

/** Those that have not ended yet; SIGCHLD tells that one of them may have. */
const alive = new Map<number, (status: number) => void>();

function watch(pid: number, unref: boolean): Spawned {
  if (!process.listeners('SIGCHLD').includes(reap)) process.on('SIGCHLD', reap);
  // Listening for a signal does not keep the event loop going.
  const hold = unref ? undefined : setInterval(() => undefined, 2 ** 30);
  const ended = new Promise<number>((resolve) =>
    alive.set(pid, (status) => {
      clearInterval(hold);
      resolve(status);
    }),
  );
  return {
    pid,
    ended,
    get isOurs() {
      return alive.has(pid);
    },
  };
}

function reap(): void {
  for (const [pid, end] of alive) {
    const status = [0];
    if (cWait(pid, status, WNOHANG) === 0) continue;
    alive.delete(pid);
    const [word = 0] = status;
    const signal = word & 0x7f;
    end(signal === 0 ? (word >> 8) & 0xff : 128 + signal);
  }
}
