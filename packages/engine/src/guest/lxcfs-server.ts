// One lxcfs: a process, and its file system, which is attached where nobody on the host can reach it.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  attachMount,
  cloneMount,
  type DetachedMount,
  detachMount,
  MountAttr,
  newMountNow,
} from '../host/mount-calls.js';
import { mountsOf } from '../host/mountinfo.js';
import { PrivateMounts } from '../host/private-mounts.js';
import { isHeld } from '../host/processes.js';
import { type Spawned, spawnProgram } from '../host/spawn.js';
import { openMemory } from '../host/syscalls.js';

/** A file that covers one of the container's own. */
export interface View {
  readonly source: string;
  readonly target: string;
}

const files = ['cpuinfo', 'diskstats', 'loadavg', 'meminfo', 'stat', 'swaps', 'uptime'].map(
  (name) => `proc/${name}`,
);
const folders = ['sys/devices/system/cpu'];
/** What it shows of the container's own; more it has, which is the host's or root's alone. */
const shown = [...files, ...folders];

/** It answers within some 50 ms. */
const ANSWER_WAIT_MS = 5000;
const END_WAIT_MS = 3000;
const O_PATH = 0o10000000;
/** Names in the private namespace. */
const WHOLE = 'whole';
const SHOWN = 'shown';

/** What a container is given, by the names it has where a copy of `LxcfsServer.shown` is attached. */
export const viewsAt = (folder: string): View[] =>
  shown.map((path) => ({ source: join(folder, path), target: path }));

/** One lxcfs, mounted in a private mount namespace. */
export class LxcfsServer implements Disposable {
  private constructor(
    private readonly process: Spawned,
    private readonly mounts: PrivateMounts,
    /** `major:minor` of its file system. */
    readonly device: string,
  ) {}

  /** Resolves when it answers; `folder` is empty, and stays so. */
  static async start(program: string, folder: string): Promise<LxcfsServer> {
    // It keeps what it writes open as long as it lives: on no disk, which may have to be unmounted before.
    const log = openMemory('lxcfs log');
    let mounts: PrivateMounts | undefined;
    try {
      const { process, mount } = serve(program, log);
      using whole = mount;
      try {
        mounts = PrivateMounts.open(folder);
        const at = mounts.attach(whole, WHOLE);
        const device = mounts.within(() => mountsOf('self').find(({ target }) => target === at)?.device);
        if (device === undefined) throw new Error(`no mount at ${at}`);
        // Its /proc goes too: nothing is looked up there from now on.
        mounts.letGoOfHost();
        await show(process, whole, mounts);
        return new LxcfsServer(process, mounts, device);
      } catch (error) {
        const status = await endOf(process);
        mounts?.[Symbol.dispose]();
        const said = [`lxcfs ended with status ${status ?? 'unknown'}`, lastLine(log), String(error)];
        throw new Error(said.filter((part) => part !== '').join(': '), { cause: error });
      }
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    return this.process.pid;
  }

  /** One that is stopped answers nobody. */
  get isUp(): boolean {
    return this.process.isOurs && !isHeld(this.pid);
  }

  get ended(): Promise<number> {
    return this.process.ended;
  }

  /** A copy of all it shows, for one start; asks it nothing. */
  shown(): DetachedMount {
    return this.mounts.clone(SHOWN);
  }

  async kill(): Promise<void> {
    await endOf(this.process);
  }

  /** Goes on for the containers that have copies, and ends by itself with the last one: nobody else has any. */
  [Symbol.dispose](): void {
    this.mounts[Symbol.dispose]();
  }
}

/** Its file system is attached nowhere yet: should this daemon be killed, all of it is gone. */
function serve(program: string, log: number): { process: Spawned; mount: DetachedMount } {
  const lock = openMemory('lxcfs lock');
  // Only its own may stay open, or its file system would not end with it.
  const fuse = openSync('/dev/fuse', 'r+');
  try {
    const mount = newMountNow({
      type: 'fuse',
      source: 'lxcfs',
      data: `fd=${fuse},rootmode=40000,user_id=0,group_id=0,allow_other,subtype=lxcfs`,
      attributes: MountAttr.noSuid | MountAttr.noDev,
    });
    try {
      const argv = [
        // In a session of its own: Ctrl-C in the daemon's terminal is not meant for it.
        '/usr/bin/setsid',
        program,
        '--foreground',
        '--enable-loadavg',
        '--enable-cfs',
        '--pidfile=/proc/self/fd/0',
        '/dev/fd/3',
      ] as const;
      const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
      return { process: spawnProgram(argv, { env, stdio: [lock, log, log, fuse], unref: true }), mount };
    } catch (error) {
      mount[Symbol.dispose]();
      throw error;
    }
  } finally {
    closeSync(fuse);
    closeSync(lock);
  }
}

/**
 * Attaches what containers are given below one folder, where to copy it asks lxcfs nothing. All else it has, the host's whole
 * tree of control groups among it, is attached nowhere.
 */
async function show(process: Spawned, whole: DetachedMount, mounts: PrivateMounts): Promise<void> {
  const late = setTimeout(() => process.kill(), ANSWER_WAIT_MS).unref();
  const opened: FileHandle[] = [];
  try {
    // By a thread, since it looks into it; one at a time, so that others have theirs.
    for (const path of shown) opened.push(await open(join(`/proc/self/fd/${whole.fd}`, path), O_PATH));
    mounts.within(() => {
      for (const [index, path] of shown.entries()) {
        const target = join(mounts.folder, SHOWN, path);
        makeOpen(join(mounts.folder, SHOWN), folders.includes(path) ? path : dirname(path));
        if (files.includes(path)) writeFileSync(target, '');
        using part = cloneMount(opened[index]?.fd ?? -1, path);
        attachMount(part, target);
      }
      detachMount(join(mounts.folder, WHOLE));
    });
  } finally {
    clearTimeout(late);
    for (const handle of opened) await handle.close();
  }
}

/** Its status; undefined for one that hangs in the kernel. */
async function endOf(process: Spawned): Promise<number | undefined> {
  process.kill();
  return await Promise.race([process.ended, sleep(END_WAIT_MS, undefined, { ref: false })]);
}

/** Folders that root in a container may pass through, whatever the umask. */
function makeOpen(folder: string, below: string): void {
  for (const [at] of ['', ...below.split('/')].entries()) {
    const path = join(folder, ...below.split('/').slice(0, at));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o711);
  }
}

/** The last line of what was written to a file in memory. */
function lastLine(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0));
  return text.trimEnd().split('\n').at(-1) ?? '';
}
