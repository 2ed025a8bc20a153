// What every kind of file system answers to: made at define, opened at start, and what it owns meanwhile.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { GuestRoot } from '../../guest/files.js';
import type { Disk } from '../../host/disks.js';
import type { DetachedMount } from '../../host/mount-calls.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import type { ProjectRange } from '../../host/projects.js';
import type { Undo } from '../../host/undo.js';
import type { IdMap, UserNamespacePool } from '../../host/userns.js';
import type { Sources } from './sources.js';

/** One `<filesystem>` as the engine sees it. */
export interface FilesystemSpec {
  /** Made from the target, so that a file system keeps its files wherever it stands in the document. */
  readonly key: string;
  readonly kind: FilesystemKind;
  /** A template's name, or an absolute path on the host. */
  readonly source: string;
  /** Absolute path in the container; `/` is its root. */
  readonly target: string;
  readonly readOnly: boolean;
  /** From `source/@options`, split at commas. */
  readonly options: readonly string[];
  readonly limit: DiskLimit | undefined;
  /** May be passed for a while. */
  readonly soft: DiskLimit | undefined;
  /** The second level: limits of single users and groups. */
  readonly owners: readonly OwnerLimit[];
}

/** What one user or group of the container, by its number there, may have of a file system. */
export interface OwnerLimit {
  readonly kind: 'user' | 'group';
  readonly id: number;
  readonly bytes: SoftAndHard;
  readonly inodes: SoftAndHard;
}

export interface SoftAndHard {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}
export type FilesystemKind = 'template' | 'mount' | 'file' | 'block';

/** A file name for a target: `root`, or the path with its separators encoded, shortened by a digest where it is long. */
export function keyOf(target: string): string {
  if (target === '/') return 'root';
  const plain = target.slice(1).replace(/[^A-Za-z0-9_-]/g, (char) => `%${Buffer.from(char).toString('hex')}`);
  return plain.length <= 80 ? plain : createHash('sha256').update(target).digest('hex').slice(0, 32);
}

/** Undefined is none. */
export interface DiskLimit {
  readonly bytes: number | undefined;
  readonly inodes: number | undefined;
}

/** What a file system holds. */
export interface Usage {
  readonly bytes: number;
  /** Undefined where nobody counts files. */
  readonly inodes: number | undefined;
  /** What it has room for, where it is one of its own: somewhat less than its image, by what it keeps for itself. */
  readonly room?: { readonly bytes: number; readonly inodes: number };
}

/** What keeps the first-level limits of a file system, and what counts against them. */
export interface Keeping {
  /** For people. */
  readonly how: string;
  /** Whether it is a file system of its own, whose size and inodes are its limits: then it tells of itself what it holds. */
  readonly isWhole: boolean;
  /** What it holds while it is not open; missing where that cannot be told. */
  readonly atRest?: () => Promise<Usage>;
  /** What it holds at any time, where somebody else counts that. */
  readonly tells?: () => Usage;
  /** Looks through all of it for how many bytes it holds, where nobody counts them. */
  readonly measure?: () => Promise<number>;
  /** A folder of the host whose file system counts what each user of the container owns, by the host's numbers. */
  readonly counted?: string;
  /** Why nothing counts that, where there is more to say. */
  readonly uncounted?: string;
}

/** Where layers are made other than in the folders of domains: `group/pool` of LVM, or a dataset of ZFS. */
export interface LayerPool {
  readonly kind: 'lvm-thin' | 'zfs';
  readonly name: string;
}

/** What a lease says of a layer. */
export interface LayerWords {
  /** How it is kept; one of an earlier version does not say. */
  readonly layer?: string;
  /** Whose ids its files have on disk; where nothing is said, the host's. */
  readonly ids?: 'container';
}

export interface StorageContext {
  /** The domain's own folder for what its file systems keep. */
  readonly keep: string;
  /** Ids of the container on the host. */
  readonly map: IdMap;
  /** Whether the files of `mount`, `file` and `block` already carry the container's host ids (an `<idmap>` in the document). */
  readonly shifted: boolean;
  readonly namespaces: UserNamespacePool;
  readonly sources: Sources;
  /** Projects of the host's quotas that limits may be made of; without them they are images. */
  readonly projectIds?: ProjectRange | undefined;
  /** Where layers are made, if not where the folders of domains lie. */
  readonly pool?: LayerPool | undefined;
  /** Absolute path of an unpacked template; throws `not-found`. */
  readonly templatePath: (name: string) => string;
  /** How the layer of what is mounted there is kept; undefined where no lease says. */
  readonly layerOf: (target: string) => LayerWords | undefined;
}

export interface OpenContext extends StorageContext {
  /** Where those that are opened go. */
  readonly mounts: PrivateMounts;
  /** What of a limit is in force when it runs: the soft one where its grace was over before. */
  readonly limitOf: (spec: FilesystemSpec) => DiskLimit | undefined;
  /**
   * Writes what a start writes itself: before the tree is id-mapped, since through such a mount no file can be made for ids outside
   * its map.
   */
  readonly furnish: (spec: FilesystemSpec, tree: GuestRoot) => void;
  /** What whoever looks after the host should know of a source. */
  readonly tell: (remarks: readonly string[]) => void;
  /** Where the host is to look at it: shows what carries the container's ids on the host with those inside. Else the container is. */
  readonly forHost?: ForHost | undefined;
}

/** Changes a mount that is attached nowhere yet. */
export type ForHost = (mount: DetachedMount) => Promise<void>;

/** Where a domain's file systems lie, whether or not it runs. */
export type KeptContext = Pick<StorageContext, 'keep' | 'templatePath' | 'layerOf'>;

/** `tell` where a limit is put back: what of it cannot be had before the next start is told there, and not refused. */
export type RelimitContext = KeptContext &
  Pick<OpenContext, 'mounts'> & { readonly tell?: OpenContext['tell'] | undefined };

/** A file system of a container to be. */
export interface Opened {
  /** What liblxc gets: a name that only a process among those mounts finds. */
  readonly path: string;
  /** Its root as the container sees it; closed with the start. */
  readonly root: number;
}

/** Where a copy is made, and how: see `Layer.copy` of ../layers/layer.ts. */
export interface CopyContext extends KeptContext {
  /** The folder that it is made in. */
  readonly to: string;
  readonly hold: (work: () => Promise<void>) => Promise<number | null>;
  readonly mounts: () => PrivateMounts;
  readonly toRun?: { readonly projectIds: ProjectRange | undefined } | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** What can be copied of a file system. */
export interface Copies {
  copy(spec: FilesystemSpec, context: CopyContext): Promise<number | null>;
  /** Lets writers go on whom a killed daemon held for a copy; returns whether there were some. */
  letGo(spec: FilesystemSpec, context: KeptContext & Pick<CopyContext, 'mounts'>): Promise<boolean>;
  /** What the container wrote, to be read by what runs among the mounts: a folder, called `as` where it has to be mounted. */
  look(
    spec: FilesystemSpec,
    context: KeptContext & Pick<CopyContext, 'mounts'> & { readonly as: string },
  ): Promise<string>;
  /** The same, where it is a folder of the host whose copies are other files, with inodes and times of their own; undefined elsewhere. */
  tree(spec: FilesystemSpec, context: KeptContext): string | undefined;
  /** Room that it takes on the host's disk. */
  occupied(spec: FilesystemSpec, context: KeptContext): Promise<number>;
}

/** A copy of a layer that goes to another host. */
export interface SentCopy {
  /** From 1 on: each is sent by what it differs from the one before, and the first one whole. */
  readonly number: number;
  /** The folder that the layer lies in which it is a copy of: the domain's, or one of its snapshots'. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/** How a layer goes to another host that keeps one alike: as streams that only its kind can read. What both ends keep of copies `forgetStreams` takes back. */
export interface OwnStreams {
  /** What both hosts call such streams; it changes with what is in them. */
  readonly form: string;
  /** Copies the layer, open or not, as it is at one moment, and keeps that copy. */
  send(copy: SentCopy): AsyncIterable<Buffer>;
  /** Those before this one are of no use any more. */
  sent(number: number): Promise<void>;
  /** Makes the layer, which nobody has open, what the copy of this number is; a stream that is not whole, or that comes from a stranger, is refused. */
  receive(number: number, bytes: AsyncIterable<Buffer>): Promise<void>;
}

/** A file system of a domain's own, open in its container: what may be done to it as a whole. */
export interface OwnFileSystem {
  /** Lets nobody write to it while `work` lasts, at most so long. */
  freeze(
    freezing: Pick<CopyContext, 'mounts'> & { readonly limitMs: number },
    work: () => Promise<void>,
  ): Promise<void>;
  /** Gives the host back what nothing in it needs, but for short runs of blocks. */
  trim(trimming: Pick<CopyContext, 'mounts'> & { readonly leastBytes: number }): Promise<void>;
}

/** What a container wrote, without what lies below: a folder by its name among the mounts. */
export interface OpenFiles {
  readonly path: string;
  /** Puts its limit in force again. */
  settle(): Promise<void>;
}

/** A kind of file system. A missing `create` means that nothing is made at define. */
export interface Backend {
  /** Whether first-level limits can be enforced; otherwise a document that asks for them is refused. */
  readonly limits: boolean;
  /** Fails with what a start would fail with, as far as it can be known now. */
  check(spec: FilesystemSpec, context: StorageContext): Promise<void>;
  create?(spec: FilesystemSpec, context: StorageContext): Promise<void>;
  /** Mounts it among `context.mounts`; what else has to be given back goes on `undo`. */
  open(spec: FilesystemSpec, context: OpenContext, undo: Undo): Promise<Opened>;
  /** Opens what the container wrote alone, for whoever copies it; missing where nothing is made at define. */
  openLayer?(spec: FilesystemSpec, context: OpenContext): Promise<OpenFiles>;
  /** Changes the first-level limit of one that is open in a running container; missing where that has none. */
  relimit?(spec: FilesystemSpec, context: RelimitContext): Promise<void>;
  keeping(spec: FilesystemSpec, context: KeptContext): Keeping;
  /** What copies are made of; missing where the domain has nothing of its own there. */
  readonly copies?: Copies;
  /** Missing or undefined where its kind has none, or where other ids are on disk than inside. */
  streams?(spec: FilesystemSpec, context: KeptContext): OwnStreams | undefined;
  /** Missing or undefined where it is a part of the host's file system, which is not a domain's to hold. */
  own?(spec: FilesystemSpec, context: KeptContext): OwnFileSystem | undefined;
  /** The disks that reads and writes go to while it is open; none where it lies in memory or on a network. */
  disks(spec: FilesystemSpec, context: KeptContext): Disk[];
}

/** Owner of the container root's files on a tree whose ids are stored as the container sees them, unless shifted. */
export function rootOwner(context: StorageContext, shifted: boolean): GuestRoot['owner'] {
  return shifted ? { uid: hostId(context.map.uid, 0), gid: hostId(context.map.gid, 0) } : { uid: 0, gid: 0 };
}

/**
 * The way back, from ids of the host to those inside. What is the host root's on disk, such as overlay's own folder, is shown as
 * somebody's whom nobody inside is: files of nobody at all cannot be changed.
 */
export function unmappedOf({ uid, gid }: IdMap): IdMap {
  const back = (entries: IdMap['uid']): IdMap['uid'] => {
    const turned = entries.map(({ inside, outside, count }) => ({ inside: outside, outside: inside, count }));
    if (turned.some(({ inside }) => inside === 0)) return turned;
    const free = Math.max(...entries.map(({ inside, count }) => inside + count));
    return [...turned, { inside: 0, outside: free, count: 1 }];
  };
  return { uid: back(uid), gid: back(gid) };
}

/** The id a container's own `inside` id has on the host. */
export function hostId(entries: IdMap['uid'], inside: number): number {
  for (const entry of entries) {
    if (inside >= entry.inside && inside < entry.inside + entry.count)
      return entry.outside + (inside - entry.inside);
  }
  return 65534;
}

/** What helps where a file system stays as it was made. */
export const otherDomain =
  'make another domain that has it as you want it, and copy its files there (`ctvirt mount` shows those of both)';
