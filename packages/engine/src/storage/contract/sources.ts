// The folders, images and devices of the host that documents name: which of them may be had, and what is to be said of one.
// SPDX-License-Identifier: Apache-2.0
import { realpathSync } from 'node:fs';
import { EngineError, isFault } from '../../errors.js';
import { mounts } from '../../host/mountinfo.js';
import { isPathIn, kernelFolders } from '../../host/paths.js';
import { isRootsOwn, liesIn, type MayFollow, type Place, placeAt, Trail } from '../../host/trail.js';

/** A file system of a document, as far as its source goes. */
export interface Asked {
  readonly source: string;
  readonly kind: 'template' | 'mount' | 'file' | 'block' | 'device';
  readonly readOnly: boolean;
}

/** What a document's path leads to, opened once: only the descriptor is used from then on. */
export interface Source extends Disposable {
  readonly fd: number;
  /** Without a link in it; for people. */
  readonly path: string;
  readonly is: 'folder' | 'file' | 'device' | 'other';
  /** What others than root could do by it. */
  readonly remarks: readonly string[];
}

export interface SourcesParts {
  /** The daemon's own folders. */
  readonly own: readonly string[];
  /** Folders that some container may write to, by the paths that documents give. */
  readonly writable: () => Iterable<string>;
}

const OTHERS_WRITE = 0o022n;

export class Sources {
  constructor(private readonly parts: SourcesParts) {}

  /** Throws `not-found`, or `denied` where the path leads what no container may have, or where another led it. */
  open({ source, kind, readOnly }: Asked, shifted = false): Source {
    if (!source.startsWith('/'))
      throw new EngineError('invalid', `'${source}' is no absolute path of this host`, { source });
    const trail = Trail.to(source, this.#mayFollow(source, kind));
    try {
      this.#refuseOwn(source, kind, trail);
      const { found, fd } = trail.end;
      const is = found.isDirectory()
        ? 'folder'
        : found.isFile()
          ? 'file'
          : found.isBlockDevice()
            ? 'device'
            : 'other';
      const remarks = [
        ...ofWay(source, trail),
        ...(kind === 'mount' && !readOnly && !shifted ? ofWriting(source, trail) : []),
        ...(kind === 'file' ? ofImage(source, trail) : []),
      ];
      return { fd, path: trail.path, is, remarks, [Symbol.dispose]: () => trail[Symbol.dispose]() };
    } catch (error) {
      trail[Symbol.dispose]();
      throw error;
    }
  }

  /** What is to be said of one, if it is there. */
  remarks(spec: Asked, shifted: boolean): readonly string[] {
    if (spec.kind === 'template') return [];
    try {
      using source = this.open(spec, shifted);
      return source.remarks;
    } catch (error) {
      // It may be there by the time of a start.
      if (isFault(error, 'not-found')) return [];
      throw error;
    }
  }

  /** A link is followed where it is root's, and where no container had its hands: its root is root on those files. */
  #mayFollow(source: string, kind: Asked['kind']): MayFollow {
    return (path, link, above) => {
      // What such a link leads to is no path, and the kernel may not even say it.
      const kernels = kernelsOwn(kind).find((folder) => isPathIn(path, folder));
      if (kernels !== undefined) throw kernelsSource(source, kernels);
      const isOurs = isRootsOwn(link, above) && !this.#isWritable(above.place());
      if (isOurs) return;
      throw new EngineError(
        'denied',
        `${source} leads through the link ${path}, which others than this host's root can make: name the folder it leads to, or take the link away`,
        { source, link: path },
      );
    };
  }

  #isWritable(place: Place): boolean {
    return [...this.parts.writable()].some((path) => {
      const found = placeAt(path);
      return found !== undefined && liesIn(place, found);
    });
  }

  #refuseOwn(source: string, kind: Asked['kind'], trail: Trail): void {
    const place = trail.place();
    const touches = (folder: string): boolean => {
      const path = realpathOr(folder);
      const own = placeAt(path);
      const isAbove = isPathIn(path, trail.path) || (own !== undefined && liesIn(own, place));
      return isAbove || isPathIn(trail.path, path) || (own !== undefined && liesIn(place, own));
    };
    const own = this.parts.own.find(touches);
    if (own !== undefined)
      throw new EngineError(
        'denied',
        trail.path === '/'
          ? "the host's own root is neither a container's nor a storage pool's: name a folder below it"
          : `${source} belongs to ctvirt itself, or holds what does (${own}): neither a container nor a storage pool may have it`,
        { source, folder: own },
      );
    const kernels = kernelsOwn(kind).find(touches);
    if (kernels !== undefined) throw kernelsSource(source, kernels);
  }
}

/** Devices alone lie in the kernel's folders. */
const kernelsOwn = (kind: Asked['kind']): readonly string[] =>
  kind === 'block' || kind === 'device' ? ['/proc', '/sys'] : kernelFolders;

const kernelsSource = (source: string, folder: string): EngineError =>
  new EngineError(
    'denied',
    `${source} is the kernel's own (${folder}): neither a container nor a storage pool may have it`,
    {
      source,
    },
  );

function ofWay(source: string, trail: Trail): string[] {
  const path = trail.changeable();
  if (path === undefined) return [];
  return [
    `${source}: others than root can put something else in the place of ${path}; give the folder it lies in to root, and close it to other writers`,
  ];
}

/** What the host itself runs and obeys: whoever writes there is root of the host before long. */
const systemFolders = [
  ...['/bin', '/boot', '/etc', '/lib', '/lib32', '/lib64', '/libx32', '/root', '/run', '/sbin', '/usr'],
  ...['/var/lib/dpkg', '/var/lib/systemd', '/var/spool/cron'],
];

/** Undefined where the host has nothing of its own. */
function ofSystem(source: string, { path }: Trail): string | undefined {
  const folder = systemFolders.find((one) => isPathIn(path, one) || isPathIn(one, path));
  if (folder === undefined) return undefined;
  return `${source}: the host runs and obeys what lies in ${folder}, and the container's root writes there as the host's: share it with <readonly/>, or share another folder`;
}

function ofWriting(source: string, trail: Trail): string[] {
  const system = ofSystem(source, trail);
  return system === undefined ? ofSetuid(source, trail) : [system];
}

/** Root inside is root on such files: the bit means on the host what it means in there. */
function ofSetuid(source: string, trail: Trail): string[] {
  if (!trail.isOpenToAll() || hasOption(trail.path, 'nosuid')) return [];
  return [
    `${source}: the container's root can leave setuid programs there, which any user of this host may run as root; mount that file system with nosuid on the host, or close the folder (or one above it) to others (chmod o-x). The option nosuid of the document is the container's side alone`,
  ];
}

function ofImage(source: string, { end: { found } }: Trail): string[] {
  if (found.uid === 0n && (found.mode & OTHERS_WRITE) === 0n) return [];
  return [
    `${source}: others than root can write to it, and the kernel trusts the file system in it; give it to root, and close it to other writers`,
  ];
}

/** Of the mount that a real path lies on. */
function hasOption(path: string, option: string): boolean {
  const holding = mounts().filter(({ target }) => isPathIn(path, target));
  const best = holding.reduce((a, b) => (b.target.length >= a.target.length ? b : a), holding[0] ?? noMount);
  return best.options.includes(option);
}
const noMount = { target: '', options: [] as readonly string[] };

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
