// Follows a path of the host folder by folder, each opened once, and knows at every step who else could have changed it.
// SPDX-License-Identifier: Apache-2.0
import { type BigIntStats, closeSync, constants, fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { EngineError, errnoOf } from '../errors.js';
import { mounts } from './mountinfo.js';
import { isPathIn } from './paths.js';
import { openInRoot } from './syscalls.js';

const O_PATH = 0o10000000;
/** As many links as the kernel follows. */
const MOST_LINKS = 40;
const OTHERS_WRITE = 0o022n;
const STICKY = 0o1000n;
const OTHERS_PASS = 0o001n;

/** One component of a path, opened. */
export interface Step {
  readonly name: string;
  readonly fd: number;
  readonly found: BigIntStats;
}

/** Where an open file lies, whatever it is called: its file system, and the path in that. */
export interface Place {
  readonly device: string;
  readonly path: string;
}

/** Asked before a link is followed: may throw. `above` is what the link lies in, `path` what it is called. */
export type MayFollow = (path: string, link: BigIntStats, above: Trail) => void;

/** The way from the host's root to a file or folder: no link is left in it. */
export class Trail implements Disposable {
  readonly #steps: Step[] = [];

  private constructor() {}

  /** Throws `not-found` if there is nothing, and whatever `mayFollow` throws. */
  static to(path: string, mayFollow: MayFollow): Trail {
    const trail = new Trail();
    try {
      trail.#enter('', openInRoot(-100, '/', O_PATH | constants.O_DIRECTORY, 0, 0));
      trail.#walk(path, mayFollow);
      return trail;
    } catch (error) {
      trail[Symbol.dispose]();
      throw error;
    }
  }

  get path(): string {
    return pathOf(this.#steps);
  }

  get end(): Step {
    const step = this.#steps.at(-1);
    if (step === undefined) throw new TypeError('a trail begins at the root');
    return step;
  }

  /** What lies on the way can be put in another's place by others than root; returns the first such path. */
  changeable(): string | undefined {
    const index = this.#steps.findIndex((step, at) => at > 0 && isChangeable(this.#steps[at - 1], step));
    return index === -1 ? undefined : pathOf(this.#steps.slice(0, index + 1));
  }

  /** Whether every user of the host may pass all folders of it. */
  isOpenToAll(): boolean {
    return this.#steps.every(({ found }) => (found.mode & OTHERS_PASS) !== 0n);
  }

  place(): Place {
    return placeOf(this.end.fd);
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#steps.splice(0)) closeSync(fd);
  }

  #walk(path: string, mayFollow: MayFollow): void {
    const ahead = path.split('/');
    for (let links = 0, name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        this.#leave();
        continue;
      }
      const fd = openNext(this.end.fd, name, path);
      const found = fstatSync(fd, { bigint: true });
      if (!found.isSymbolicLink()) {
        this.#steps.push({ name, fd, found });
        continue;
      }
      closeSync(fd);
      const here = posix.join(this.path, name);
      mayFollow(here, found, this);
      if (++links > MOST_LINKS)
        throw new EngineError('invalid', `${path} leads through more than ${MOST_LINKS} links`, { path });
      // Whoever may change it between the two looks is root, or it would not be followed.
      const target = readlinkSync(`/proc/self/fd/${this.end.fd}/${name}`);
      if (target.startsWith('/')) while (this.#steps.length > 1) this.#leave();
      ahead.unshift(...target.split('/'));
    }
  }

  #enter(name: string, fd: number): void {
    this.#steps.push({ name, fd, found: fstatSync(fd, { bigint: true }) });
  }

  #leave(): void {
    if (this.#steps.length === 1) return;
    const step = this.#steps.pop();
    if (step !== undefined) closeSync(step.fd);
  }
}

const pathOf = (steps: readonly Step[]): string => steps.map(({ name }) => name).join('/') || '/';

function openNext(folder: number, name: string, path: string): number {
  try {
    try {
      // Asked for as a folder what mounts itself when it is looked at is mounted.
      return openInRoot(folder, name, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== 'ENOTDIR' && errno !== 'ELOOP') throw error;
      return openInRoot(folder, name, O_PATH | constants.O_NOFOLLOW);
    }
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR') throw cause;
    throw new EngineError('not-found', `there is no ${path} on this host`, { path }, { cause });
  }
}

/** Whether others than root can put something else in the place of `entry`. */
function isChangeable(folder: Step | undefined, entry: Step): boolean {
  if (folder === undefined) return false;
  const { uid, mode } = folder.found;
  if (uid !== 0n) return true;
  if ((mode & OTHERS_WRITE) === 0n) return false;
  return (mode & STICKY) === 0n || entry.found.uid !== 0n;
}

/** Whether a link is root's own doing, where nobody else can change it. */
export function isRootsOwn(link: BigIntStats, above: Trail): boolean {
  const { uid, mode } = above.end.found;
  const canOthersReplace = (mode & OTHERS_WRITE) !== 0n && (mode & STICKY) === 0n;
  return link.uid === 0n && uid === 0n && !canOthersReplace && above.changeable() === undefined;
}

/** By the mount that it was opened through. */
export function placeOf(fd: number): Place {
  const id = Number(/^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]);
  const mount = mounts().find((each) => each.id === id);
  const path = readlinkSync(`/proc/self/fd/${fd}`);
  if (mount === undefined) throw new EngineError('not-found', `${path} is unmounted just now`, { path });
  return { device: mount.device, path: posix.join(mount.root, posix.relative(mount.target, path)) };
}

/** Whether a place is another, or lies below it. */
export const liesIn = (one: Place, other: Place): boolean =>
  one.device === other.device && isPathIn(one.path, other.path);

/** By its name, whoever made the links on the way. */
export function placeAt(path: string): Place | undefined {
  try {
    using trail = Trail.to(path, () => undefined);
    return trail.place();
  } catch {
    return undefined; // not there
  }
}
