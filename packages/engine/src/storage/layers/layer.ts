// One way of keeping what a container writes above its template, within its limits: what each of them can do.
// SPDX-License-Identifier: Apache-2.0
import type { Disk } from '../../host/disks.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import type { ProjectRange } from '../../host/projects.js';
import type { IdMap, UserNamespacePool } from '../../host/userns.js';
import type { DiskLimit, ForHost, Keeping, LayerPool, OwnStreams } from '../contract/backend.js';

/** Whose ids its files have on disk. */
export type LayerIds = 'container' | 'host';

/** Where a layer lies: the files of one file system of a domain, in the domain's folder. */
export interface Place {
  readonly folder: string;
  /** File names begin with it. */
  readonly key: string;
  /** As its lease says; undefined where no lease can be read. */
  readonly ids?: LayerIds | undefined;
}

/** What decides how a layer is going to be kept. */
export interface Ground {
  /** The folder that the domains' folders lie in. */
  readonly roots: string;
  readonly limit: DiskLimit | undefined;
  /** Projects of the host's quotas that may be used. */
  readonly projectIds?: ProjectRange | undefined;
  /** Where the administrator wants them. */
  readonly pool?: LayerPool | undefined;
  /** Ids of the container on the host. */
  readonly map: IdMap;
}

/** What a layer is made of. */
export interface Making extends Pick<Ground, 'limit' | 'projectIds' | 'pool' | 'map'> {
  /** A folder, whose owner and mode the root of the container's tree gets: the template's. */
  readonly model: string;
}

export interface Opening {
  readonly limit: DiskLimit | undefined;
  readonly map: IdMap;
  readonly namespaces: UserNamespacePool;
  /** Where it is mounted, under a name of its own. */
  readonly mounts: PrivateMounts;
  /** What whoever looks after the host should know. */
  readonly tell: (remarks: readonly string[]) => void;
  /** Where the host is to look at it, by whose numbers it is shown. */
  readonly forHost?: ForHost | undefined;
}

/** How the limit of an open layer changes. */
export interface Relimiting extends Pick<Opening, 'mounts'> {
  /** Where a limit is put back: what of it cannot be had before the next start is told, and not refused. */
  readonly tell?: Opening['tell'] | undefined;
}

/** How a layer is copied. */
export interface Copying {
  /** Lets nothing in the container write while `work` lasts; returns for how long, in milliseconds, or null where nothing could before. */
  readonly hold: (work: () => Promise<void>) => Promise<number | null>;
  /** Mounts of a moment. */
  readonly mounts: () => PrivateMounts;
  /** Where it is going to be opened: then its limits have to find it. Else nothing is limited or counted there. */
  readonly toRun?: Pick<Ground, 'projectIds'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how many bytes of it are copied, where they are. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Longer nobody is held, beside what a slow disk takes for so many bytes that are copied. */
export const holdLimitMs = (bytes: number): number => HOLD_MS + bytes / SLOW_BYTES_PER_MS;
const HOLD_MS = 30_000;
const SLOW_BYTES_PER_MS = 20_000;

/** How long nobody may write. */
export interface Freezing extends Pick<Copying, 'mounts'> {
  readonly limitMs: number;
}

/** What is worth the while of giving back. */
export interface Trimming extends Pick<Copying, 'mounts'> {
  /** Of runs of free blocks that are shorter nothing is given back. */
  readonly leastBytes: number;
}

/** A layer that is open: the folders that overlay wants, by names among the mounts. */
export interface OpenLayer {
  readonly upper: string;
  readonly work: string;
  /** Puts a limit in force: what a start itself writes before is not refused. Missing where nothing limits the layer. */
  readonly settle?: (limit: DiskLimit | undefined) => Promise<void>;
}

/**
 * What of it lies in the domain's folder is removed with that. Everything may be interrupted anywhere: `create` makes good what an
 * earlier one left, `open` and `relimit` what the last of either did.
 */
export interface Layer {
  /** Asked of each in turn when a file system is made; the lease says from then on which it was. */
  suits(ground: Ground): boolean;
  /** Whether the host counts what each of its users owns: by ids that no other container's files have on disk. */
  countsUsers?(ground: Pick<Ground, 'roots'>): boolean;
  /** Whether this is what keeps the layer there: for leases of versions that did not say. */
  isAt(place: Place): boolean;
  /** All paths that it may have there, made or half-made. */
  files(place: Place): readonly string[];
  /** Where nothing is. */
  create(place: Place, making: Making): Promise<void>;
  /** Brings it to its limit, repairs it where it needs that, and mounts it. */
  open(place: Place, opening: Opening): Promise<OpenLayer>;
  /** Changes the limit of one that is open in a running container; missing where nothing limits it. */
  relimit?(place: Place, limit: DiskLimit | undefined, relimiting: Relimiting): Promise<void>;
  /**
   * Writes what it is at one moment to where nothing is, open in a running container or not, and to the disk. Returns for how long
   * nothing could be written, in milliseconds, or null where nothing could before.
   */
  copy(from: Place, to: Place, copying: Copying): Promise<number | null>;
  /** Lets those go on who write to one that a killed daemon was copying; returns whether they could not. Missing where nothing outlives it. */
  letGo?(place: Place, mounts: Copying['mounts']): Promise<boolean>;
  /** Lets nobody write to one that is open while `work` lasts, at most so long. Missing where it is a part of the host's file system. */
  freeze?(place: Place, freezing: Freezing, work: () => Promise<void>): Promise<void>;
  /** Gives the host back what nothing in one that is open needs; missing alike. */
  trim?(place: Place, trimming: Trimming): Promise<void>;
  /** What the container wrote, open or not, to be read by what runs among the mounts: a folder, called `as` where it has to be mounted. */
  look(place: Place, looking: Pick<Copying, 'mounts'> & { readonly as: string }): Promise<string>;
  /** The same, where it is a folder of the host whose copies are other files, with inodes and times of their own; missing elsewhere. */
  tree?(place: Place): string;
  /** How it goes to another host; missing or undefined where only its files can. */
  streams?(place: Place): OwnStreams | undefined;
  /** Takes back what all of its kind in a domain's folder have kept for streams; missing alike. */
  forgetStreams?(folder: string): Promise<void>;
  /** Room that it takes on the host's disk. */
  occupied(place: Place): Promise<number>;
  /** What one can hold that lies elsewhere than its file, and what it takes there. */
  size?(place: Place): Promise<{ readonly capacity: number; readonly allocation: number }>;
  /** What keeps its limits, and what it holds. */
  keeping(place: Place): Keeping;
  /** The disks that reads and writes go to while it is open. */
  disks(place: Place): Disk[];
  /** Takes back what all of its kind in a domain's folder have of the host besides their files, before these are erased. */
  release?(folder: string): void;
}
