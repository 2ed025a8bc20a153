// A mount namespace for a moment: what is mounted in there nobody on the host can reach, by whatever name.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import {
  attachMount,
  cloneMounts,
  type DetachedMount,
  detachMount,
  MountFlag,
  mountNow,
} from './mount-calls.js';
import { mountsOf } from './mountinfo.js';
import { isPathIn } from './paths.js';
import { type RunOptions, type RunResult, run } from './run.js';
import { check } from './syscalls.js';

const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;
const O_PATH = 0o10000000;

const libc = koffi.load(null);
const cUnshare = libc.func('int unshare(int)');
const cSetns = libc.func('int setns(int, int)');
const cFchdir = libc.func('int fchdir(int)');
const cChroot = libc.func('int chroot(str)');

/** What is said of a promise that would be fulfilled elsewhere. */
type InPlace<T> = T extends Promise<unknown> ? never : T;

/** Where a thread finds its files: a mount namespace, the root and the working folder in it. */
class Place implements Disposable {
  private constructor(
    private readonly namespace: number,
    private readonly root: number,
    private readonly folder: number,
  ) {}

  /** The calling thread's own, but for the working folder. */
  static here(folder = '.'): Place {
    return new Place(
      openSync('/proc/thread-self/ns/mnt', 'r'),
      openSync('/', O_PATH),
      openSync(folder, O_PATH),
    );
  }

  static ofProcess(pid: number): Place {
    const root = openSync(`/proc/${pid}/root`, O_PATH);
    return new Place(openSync(`/proc/${pid}/ns/mnt`, 'r'), root, openSync(`/proc/${pid}/root`, O_PATH));
  }

  enter(): void {
    check(cSetns(this.namespace, CLONE_NEWNS), 'setns', 'a mount namespace');
    check(cFchdir(this.root), 'fchdir', 'its root');
    check(cChroot('.'), 'chroot', 'its root');
    check(cFchdir(this.folder), 'fchdir', 'its working folder');
  }

  [Symbol.dispose](): void {
    for (const fd of [this.namespace, this.root, this.folder]) closeSync(fd);
  }
}

let host: Place | undefined;
let isAway = false;

/**
 * The main thread's visit to another place: all it opens, mounts and starts until `work` returns it does there. Threads for
 * asynchronous work stay where they are, so nothing that is waited for belongs in here.
 */
function visit<T>(arrive: () => void, work: () => T): T {
  if (isAway) throw new TypeError('a visit begins on the host');
  host ??= Place.here();
  // Threads made since the last visit share root and working folder with this one, and the kernel lets no such thread go.
  check(cUnshare(CLONE_FS), 'unshare', 'root and working folder');
  isAway = true;
  try {
    arrive();
    return work();
  } finally {
    try {
      host.enter();
      isAway = false;
    } catch (error) {
      // In the wrong world every name means something else: no cleaning up from here.
      writeSync(2, `ctvirt cannot come back from a private mount namespace: ${String(error)}\n`);
      process.abort();
    }
  }
}

/** What liblxc's monitor needs of the host until its container ends. */
const needed = ['/usr', '/bin', '/lib', '/etc', '/dev', '/proc', '/sys'];

/** Detaches what would stay here when it is unmounted on the host, but for what is needed, and for what `folder` lies on. */
function detachOfHost(folder: string, kept: readonly string[]): void {
  const there = mountsOf('self').reverse();
  const following = new Set(there.filter(({ follows }) => follows).map(({ id }) => id));
  for (const { target, parent } of there) {
    const isKept = kept.some((path) => isPathIn(target, path) || isPathIn(path, target));
    const isOurs = isPathIn(folder, target) || isPathIn(target, folder);
    if (!following.has(parent) && !isKept && !isOurs) detachMount(target);
  }
}

/** Mounts for a moment, in a namespace that ends with its last process, whatever became of them. */
export class PrivateMounts implements Disposable {
  private constructor(
    private readonly place: Place,
    /** Empty on the host; in there a file system in memory, with a folder for each mount. */
    readonly folder: string,
  ) {}

  static open(folder: string): PrivateMounts {
    let place: Place | undefined;
    visit(
      () => check(cUnshare(CLONE_NEWNS), 'unshare', 'a mount namespace'),
      () => {
        // What is unmounted on the host goes here too; nothing that is mounted here is seen there.
        mountNow('none', '/', null, MountFlag.recursive | MountFlag.slave, '');
        // The container's root user has to pass here, by its host's number.
        mountNow('ctvirt', folder, 'tmpfs', MountFlag.noSuid | MountFlag.noDev, 'mode=711');
        place = Place.here(folder);
      },
    );
    if (place === undefined) throw new TypeError('a mount namespace without a place');
    return new PrivateMounts(place, folder);
  }

  /**
   * The container has its own copies: takes away what a process of its start, which has copies too, would keep in use as long as
   * it lives. Besides, what of the host would stay there when it is unmounted on the host. A process that has no mounts of ours, or
   * no more, is left alone. What it writes to lies in `kept`.
   */
  static detachFrom(pid: number, folder: string, kept: readonly string[] = []): void {
    if (!mountsOf(pid).some(({ target }) => target === folder)) return;
    using place = Place.ofProcess(pid);
    visit(
      () => place.enter(),
      () => {
        detachMount(folder);
        detachOfHost(folder, [...needed, ...kept]);
      },
    );
  }

  /** The same for mounts that are to stay for long, and for which no program of the host is going to run. */
  letGoOfHost(): void {
    this.within(() => detachOfHost(this.folder, []));
  }

  /**
   * Whatever `work` does before it returns, a program that it starts included, finds the mounts under their names, and in the
   * working folder.
   */
  within<T>(work: () => InPlace<T>): InPlace<T> {
    return visit(() => this.place.enter(), work);
  }

  /** Runs a program of the host that has to find the mounts. */
  async run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult> {
    const started = this.within(() => ({ result: run(argv, options) }));
    return await started.result;
  }

  /** Attaches a mount, of a folder or of one file, and returns where. */
  attach(mount: DetachedMount, name: string): string {
    return this.within(() => {
      const path = fstatSync(mount.fd).isDirectory() ? this.folderFor(name) : this.#fileFor(name);
      attachMount(mount, path);
      return path;
    });
  }

  /** A copy of what is there by this name and of all that is mounted below. */
  clone(name: string): DetachedMount {
    return this.within(() => cloneMounts(join(this.folder, name)));
  }

  /** For what is mounted by name; only within. */
  folderFor(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path);
    return path;
  }

  #fileFor(name: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, '', { flag: 'wx' });
    return path;
  }

  [Symbol.dispose](): void {
    this.place[Symbol.dispose]();
  }
}
