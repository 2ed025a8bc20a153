// User namespaces with a given id range, needed only long enough to give a mount its id mapping.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';
import { unlessGone } from './gone.js';
import { type Spawned, spawnProgram } from './spawn.js';
import { openPipe } from './syscalls.js';

/** One line of an id map: `count` ids from `inside` in the container are those from `outside` on the host. */
export interface IdMapEntry {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}
/** User and group ids of a container, mapped to the host's. */
export interface IdMap {
  readonly uid: readonly IdMapEntry[];
  readonly gid: readonly IdMapEntry[];
}

/** A process in a namespace of its own, which waits until it is released or the daemon is gone. */
interface Waiting {
  readonly process: Spawned;
  readonly release: () => void;
}

const ownNamespace = (): string => readlinkSync('/proc/self/ns/user');

/**
 * Keeps a few processes waiting in fresh, unmapped user namespaces, so that a start does not wait for one.
 * Each is used once: its map is written, its namespace opened, its process ended.
 */
export class UserNamespacePool {
  readonly #own = ownNamespace();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(private readonly size = 4) {}

  /** Opens a namespace with this map and hands its descriptor to `use`; it is closed afterwards. */
  async with<T>(map: IdMap, use: (fd: number) => T | Promise<T>): Promise<T> {
    const child = this.#waiting.shift() ?? spawnWaiting();
    try {
      await this.#entered(child.process);
      const { pid } = child.process;
      writeFileSync(`/proc/${pid}/uid_map`, formatMap(map.uid));
      writeFileSync(`/proc/${pid}/gid_map`, formatMap(map.gid));
      const fd = openSync(`/proc/${pid}/ns/user`, 'r');
      try {
        return await use(fd);
      } finally {
        closeSync(fd);
      }
    } finally {
      child.release();
      this.refill();
    }
  }

  /** Starts what is missing, off the caller's path. */
  refill(): void {
    setImmediate(() => {
      try {
        while (!this.#closed && this.#waiting.length < this.size) this.#waiting.push(spawnWaiting());
      } catch {
        // No process or descriptor to be had now: whoever needs one next asks for itself, and is told.
      }
    });
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#waiting.splice(0)) child.release();
  }

  async #entered(child: Spawned): Promise<void> {
    for (let waited = 0; waited < 5000; waited++) {
      if (!child.isOurs) break;
      try {
        if (readlinkSync(`/proc/${child.pid}/ns/user`) !== this.#own) return;
      } catch {
        break; // the process is gone
      }
      await sleep(1);
    }
    throw new EngineError(
      'unsupported',
      'this kernel does not let root create user namespaces: check user.max_user_namespaces',
    );
  }
}

function spawnWaiting(): Waiting {
  // cat waits on its pipe and ends with it, so a killed daemon leaves none behind.
  const pipe = openPipe();
  try {
    const child = spawnProgram(['/usr/bin/unshare', '--user', '/bin/cat'], {
      env: {},
      stdio: [pipe.read],
      unref: true,
    });
    return { process: child, release: () => closeSync(pipe.write) };
  } catch (error) {
    closeSync(pipe.write);
    throw error;
  } finally {
    closeSync(pipe.read);
  }
}

function formatMap(entries: readonly IdMapEntry[]): string {
  return entries.map((e) => `${e.inside} ${e.outside} ${e.count}\n`).join('');
}

/** What the kernel writes in `uid_map` and `gid_map`. */
export function idsIn(text: string): IdMapEntry[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
      return { inside, outside, count };
    });
}

/** The host's ids that a process may have, of users and of groups; none if it has ended. */
export const idsOfProcess = (pid: number): IdMapEntry[] =>
  ['uid_map', 'gid_map'].flatMap((map) =>
    idsIn(unlessGone(() => readFileSync(`/proc/${pid}/${map}`, 'utf8')) ?? ''),
  );
