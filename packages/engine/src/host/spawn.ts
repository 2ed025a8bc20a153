// Starts programs without a copy of the daemon's page tables, so that a start takes no longer the more domains it keeps.
// SPDX-License-Identifier: Apache-2.0
import { accessSync, closeSync, constants } from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';
import { copyDescriptor } from './descriptors.js';

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

/** What a program gets. */
export interface SpawnOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors of ours for the program's own from 0 on; /dev/null where one of the first three is not given. */
  readonly stdio?: readonly (number | undefined)[];
  /** Where it begins; `/` if absent. */
  readonly folder?: string;
  /** Whether this process may end before the program has; otherwise it waits, as for Node's own child processes. */
  readonly unref?: boolean;
}

/** A started program. */
export interface Spawned {
  readonly pid: number;
  /** Exit status, or 128 and the number of the signal that ended it. */
  readonly ended: Promise<number>;
  /** False once it has ended and its pid may be another's. */
  readonly isOurs: boolean;
  /** What ended it, once it has ended by a signal. */
  readonly signal: NodeJS.Signals | undefined;
  /** Sends it a signal, unless it has ended. */
  kill(signal?: NodeJS.Signals): void;
}

/**
 * Starts a program with no descriptors but those given and no signals blocked or ignored; throws `host-command`. The one way
 * for this daemon to start any: Node's own passes on whatever was opened without close-on-exec.
 */
export function spawnProgram(argv: readonly [string, ...string[]], options: SpawnOptions): Spawned {
  const file = find(argv[0], options.env['PATH']);
  const stdio = [...(options.stdio ?? [])];
  while (stdio.length < 3) stdio.push(undefined);
  // Before it starts, or the end of one that is quick would be missed.
  if (!process.listeners('SIGCHLD').includes(reap)) process.on('SIGCHLD', reap);
  const actions = Buffer.alloc(STRUCT_BYTES);
  const copies: number[] = [];
  cActionsInit(actions);
  try {
    for (const [fd, given] of stdio.entries()) {
      if (given === undefined) cActionsOpen(actions, fd, '/dev/null', O_RDWR, 0);
      else if (given === fd || given >= stdio.length) cActionsDup(actions, given, fd);
      else {
        // Its place is given to another one before its turn comes.
        const copy = copyDescriptor(given, stdio.length);
        copies.push(copy);
        cActionsDup(actions, copy, fd);
      }
    }
    cActionsCloseFrom(actions, stdio.length);
    cActionsFolder(actions, options.folder ?? '/');
    const environment = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
    const pid = [0];
    const failed: unknown = cSpawn(pid, file, actions, attributes, [...argv, null], [...environment, null]);
    if (failed !== 0) {
      const errno = getSystemErrorName(-Number(failed));
      throw new EngineError(
        'host-command',
        `cannot run ${file}: ${errno === 'ENOENT' ? 'it is not installed' : errno}`,
        { argv },
        { errno },
      );
    }
    return watch(pid[0] ?? 0, options.unref === true);
  } finally {
    cActionsDestroy(actions);
    for (const copy of copies) closeSync(copy);
  }
}

/** A name without a slash is looked for in the program's own PATH, as a shell would do; what is not found is left as it is. */
function find(file: string, path: string | undefined): string {
  if (file.includes('/')) return file;
  for (const folder of (path ?? '').split(':')) {
    try {
      accessSync(join(folder, file), constants.X_OK);
      return join(folder, file);
    } catch {
      // not there
    }
  }
  return file;
}

/** Nothing blocked; what Node ignores or handles back to the default. */
const attributes = Buffer.alloc(STRUCT_BYTES);
cAttributesInit(attributes);
cAttributesFlags(attributes, SPAWN_SETSIGDEF | SPAWN_SETSIGMASK);
cAttributesMask(attributes, Buffer.alloc(SIGSET_BYTES));
cAttributesDefault(attributes, Buffer.alloc(SIGSET_BYTES, 0xff));

/** Those that have not ended yet; SIGCHLD tells that one of them may have. */
const alive = new Map<number, (code: number, signal: number) => void>();

const signalNames = new Map(
  Object.entries(os.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

function watch(pid: number, unref: boolean): Spawned {
  // Listening for a signal does not keep the event loop going.
  const hold = unref ? undefined : setInterval(() => undefined, 2 ** 30);
  let endedBy: NodeJS.Signals | undefined;
  const ended = new Promise<number>((resolve) =>
    alive.set(pid, (code, signal) => {
      clearInterval(hold);
      endedBy = signalNames.get(signal);
      resolve(signal === 0 ? code : 128 + signal);
    }),
  );
  return {
    pid,
    ended,
    get isOurs() {
      return alive.has(pid);
    },
    get signal() {
      return endedBy;
    },
    kill: (signal = 'SIGKILL') => {
      if (alive.has(pid)) process.kill(pid, signal);
    },
  };
}

function reap(): void {
  for (const [pid, end] of alive) {
    const status = [0];
    if (cWait(pid, status, WNOHANG) === 0) continue;
    alive.delete(pid);
    const [word = 0] = status;
    end((word >> 8) & 0xff, word & 0x7f);
  }
}
