// User namespaces with a given id range, needed only long enough to give a mount its id mapping.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.js';

/** One line of an id map: `count` ids from `inside` in the container are those from `outside` on the host. */
export interface IdMapEntry {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}
export interface IdMap {
  readonly uid: readonly IdMapEntry[];
  readonly gid: readonly IdMapEntry[];
}

const ownNamespace = (): string => readlinkSync('/proc/self/ns/user');

/**
 * Keeps a few processes waiting in fresh, unmapped user namespaces, so that a start does not wait for one.
 * Each is used once: its map is written, its namespace opened, its process ended.
 */
export class UserNamespacePool {
  readonly #own = ownNamespace();
  readonly #waiting: ChildProcess[] = [];
  #closed = false;

  constructor(private readonly size = 4) {}

  /** Opens a namespace with this map and hands its descriptor to `use`; it is closed afterwards. */
  async with<T>(map: IdMap, use: (fd: number) => T | Promise<T>): Promise<T> {
    const child = this.#waiting.shift() ?? this.#spawn();
    try {
      await this.#entered(child);
      writeFileSync(`/proc/${child.pid}/uid_map`, formatMap(map.uid));
      writeFileSync(`/proc/${child.pid}/gid_map`, formatMap(map.gid));
      const fd = openSync(`/proc/${child.pid}/ns/user`, 'r');
      try {
        return await use(fd);
      } finally {
        closeSync(fd);
      }
    } finally {
      child.kill('SIGKILL');
      this.refill();
    }
  }

  /** Starts what is missing, off the caller's path. */
  refill(): void {
    setImmediate(() => {
      while (!this.#closed && this.#waiting.length < this.size) this.#waiting.push(this.#spawn());
    });
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#waiting.splice(0)) child.kill('SIGKILL');
  }

  #spawn(): ChildProcess {
    // cat waits on its pipe and ends with it, so a killed daemon leaves none behind.
    const child = spawn('/usr/bin/unshare', ['--user', '/bin/cat'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    child.on('error', () => undefined); // seen by #entered as a process without a pid
    child.stdin?.on('error', () => undefined); // the pipe breaks when the process is ended
    child.unref();
    return child;
  }

  async #entered(child: ChildProcess): Promise<void> {
    for (let waited = 0; waited < 5000; waited++) {
      if (child.pid === undefined || child.exitCode !== null) break;
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

function formatMap(entries: readonly IdMapEntry[]): string {
  return entries.map((e) => `${e.inside} ${e.outside} ${e.count}\n`).join('');
}
