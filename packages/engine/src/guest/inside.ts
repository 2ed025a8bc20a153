// Finds where a path of a container leads, with its own file systems for the tree and its own root for the end of it.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, lstatSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { EngineError, errnoOf } from '../errors.js';
import { isPathIn } from '../host/paths.js';
import { openInRoot, Resolve } from '../host/syscalls.js';

const O_PATH = 0o10000000;
/** As many as the kernel follows. */
const MOST_TURNS = 40;

/** A path in a container without `.`, `..`, doubled or closing slashes; nothing is above its root. Throws `invalid`. */
export function insidePath(path: string): string {
  if (!path.startsWith('/'))
    throw new EngineError('invalid', `'${path}' is no absolute path: in a container it begins with a slash`, {
      path,
    });
  const normal = posix.normalize(path);
  return normal === '/' ? normal : normal.replace(/\/$/, '');
}

/** What liblxc fills itself, in whatever is mounted there: its files would be left in a folder of the host. */
const filled = ['/dev', '/proc', '/sys'];
const ownInDev = ['/dev/shm', '/dev/mqueue', '/dev/hugepages'];

/** Throws `denied` for places in a container that are not a document's to fill. */
export function refuseTarget(target: string): void {
  const taken = filled.find((folder) => isPathIn(target, folder));
  if (taken === undefined || ownInDev.some((folder) => isPathIn(target, folder))) return;
  throw new EngineError(
    'denied',
    `nothing can be mounted at '${target}': ${taken} is made anew in each container`,
    { path: target },
  );
}

/**
 * What is mounted where in a container to be. Its trees are of its own making, links and all, and liblxc makes missing
 * folders and finds sources by their names on the host: it must only get names with no link left in them.
 */
export class InsidePaths {
  readonly #trees = new Map<string, number>();

  /** `target` is already resolved; `tree` is the open root of what is mounted there. */
  add(target: string, tree: number): void {
    this.#trees.set(target, tree);
  }

  /** Opens what `path` leads to; throws `not-found` where that is nothing. Whoever closes it has it. */
  open(path: string): number {
    const found = this.resolve(path);
    const { target, tree } = this.#holder(found);
    // Its own programs, or another container's, may change the tree meanwhile: what was found has no links, or is not opened.
    const below = posix.relative(target, found);
    try {
      return openInRoot(tree, below === '' ? '.' : below, O_PATH, 0, Resolve.beneath | Resolve.noSymlinks);
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === 'ENOENT')
        throw new EngineError('not-found', `the container has no '${path}'`, { path }, { cause });
      if (errno === 'ELOOP') throw misled(path, 'links that change while it starts');
      throw cause;
    }
  }

  /** Where `path` leads; throws `denied` if that is among what the kernel tells, whose links lead out of any root. */
  refuseKernel(path: string): string {
    const found = this.resolve(insidePath(path));
    if (!filled.some((folder) => isPathIn(found, folder))) return found;
    throw new EngineError(
      'denied',
      `'${path}' leads to '${found}', which is the kernel's: a container begins among its own files`,
      { path },
    );
  }

  /** Where `path` leads once all is mounted; what is missing of it is missing at the end. */
  resolve(path: string): string {
    let here = path;
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const { target, tree } = this.#holder(here);
      const found = posix.join(target, resolveIn(tree, posix.relative(target, here), path));
      // A link may lead into another file system, which has links of its own.
      if (found === here || this.#holder(found).target === target) return found;
      here = found;
    }
    throw misled(path, 'links in a circle');
  }

  #holder(path: string): { target: string; tree: number } {
    let best: { target: string; tree: number } | undefined;
    for (const [target, tree] of this.#trees)
      if (isPathIn(path, target) && target.length > (best?.target.length ?? 0)) best = { target, tree };
    if (best === undefined) throw misled(path, 'no root to begin from');
    return best;
  }
}

/** The path from `tree` on, its existing part without links. */
function resolveIn(root: number, path: string, asked: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  for (let existing = parts.length; existing > 0; existing--) {
    const fd = openIfThere(root, parts.slice(0, existing).join('/'), asked);
    if (fd === undefined) continue;
    try {
      const [missing] = parts.slice(existing);
      if (missing !== undefined && isLink(`/proc/self/fd/${fd}/${missing}`))
        throw misled(asked, `a link at '/${parts.slice(0, existing + 1).join('/')}' that leads nowhere`);
      const below = posix.relative(
        readlinkSync(`/proc/self/fd/${root}`),
        readlinkSync(`/proc/self/fd/${fd}`),
      );
      return posix.join(below, ...parts.slice(existing));
    } finally {
      closeSync(fd);
    }
  }
  const [first] = parts;
  if (first !== undefined && isLink(`/proc/self/fd/${root}/${first}`))
    throw misled(asked, `a link at '/${first}' that leads nowhere`);
  return parts.join('/');
}

function openIfThere(root: number, path: string, asked: string): number | undefined {
  try {
    return openInRoot(root, path, O_PATH);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    if (errno === 'ELOOP') throw misled(asked, 'links in a circle');
    if (errno === 'ENOTDIR') throw misled(asked, 'a file in the way');
    throw error;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

const misled = (path: string, what: string): EngineError =>
  new EngineError(
    'invalid',
    `'${path}' leads nowhere: the container's files have ${what}; name another place, or remove it`,
    { path },
  );
