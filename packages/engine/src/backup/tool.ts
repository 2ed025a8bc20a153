// What a program that keeps backups is asked for: its repository, trees at names that never change, and what it says of them.
// SPDX-License-Identifier: Apache-2.0
import type { Child } from '../templates/archive/child.js';

/** What may keep backups; the first is the usual one. */
export const backupTools = ['restic', 'borg'] as const;
export type BackupToolName = (typeof backupTools)[number];

/** A repository as ctvirtd.conf names it. */
export interface RepositorySpec {
  readonly name: string;
  readonly path: string;
  readonly passwordFile: string;
}

/** What a tool knows of where it runs. */
export interface ToolHost {
  /** What its locks say who holds them: one daemon's alone. */
  readonly holder: string;
  /** What this host's name is to whoever else runs the program here. */
  readonly name: string;
  /** A folder for what it remembers of this repository; it may go at any time. */
  readonly memory: string;
}

/** A backup as its repository tells of it: whole by itself. */
export interface Generation {
  readonly id: string;
  readonly uuid: string;
  readonly domain: string;
  readonly takenAt: string;
  readonly leftOut: readonly string[];
}

/** Whom to tell how far it is, and when to end. */
export interface Going {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
}

/** What is to be kept of a domain. */
export interface Kept {
  readonly uuid: string;
  readonly domain: string;
  /** Of which moment it is: what runs was copied then. */
  readonly takenAt: Date;
  readonly leftOut: readonly string[];
  /** An earlier backup, since which no file has changed that has the length and the time that it has there; missing where nobody knows. */
  readonly since?: string | undefined;
  /** Whether this one may be the `since` of the next, as it may where files are copied before they are read: those have new inodes and times. */
  readonly isListed: boolean;
  /** A folder with what is said of it. */
  readonly about: string;
  /** Trees by name, below a path that only what `within` starts finds. */
  readonly trees: ReadonlyMap<string, string>;
  readonly within: (start: () => Child) => Child;
}

/** What a backup cost. */
export interface Cost {
  readonly id: string;
  readonly files: number;
  readonly changedFiles: number;
  readonly bytes: number;
  readonly addedBytes: number;
  /** Names of what could not be read. */
  readonly unread: readonly string[];
}

/** A file of a backup, as the repository lists it. */
export interface ListedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: string;
}

/** A file that a repository holds no more as it was. */
export interface DamagedFile {
  /** Of the backup. */
  readonly id: string;
  readonly path: string;
}

/** A program that keeps backups; one operation that writes is under way in a repository at a time. */
export interface BackupTool {
  /** Whether there is a repository. */
  exists(): boolean;
  init(): Promise<void>;
  /** Completes what a run that was killed has left half-way, and cannot be read so; while nothing of this daemon's works there. */
  settle(): Promise<void>;
  take(kept: Kept, going: Going): Promise<Cost>;
  /** Whether this backup of a domain may be named as the one `since` which it has changed. */
  remembers(id: string, uuid: string): boolean;
  /** The oldest first. */
  list(): Promise<Generation[]>;
  /** One file of `about`. */
  about(id: string, file: string): Promise<string>;
  /** The regular files of a tree. */
  files(id: string, tree: string): Promise<ListedFile[]>;
  /** Below `folder` is then what `treeIn` says; of the tree only those paths, if any are named. */
  restore(
    id: string,
    what: { readonly tree: string; readonly paths?: readonly string[]; readonly verify?: boolean },
    folder: string,
    going: Going,
  ): Promise<void>;
  /** Where a tree lies in a folder that something was restored to. */
  treeIn(folder: string, tree: string): string;
  /** All that it holds, or what belongs together and a sample; returns what of backups is damaged, and throws where that cannot be told. */
  check(going: Going & { readonly isWhole: boolean }): Promise<readonly DamagedFile[]>;
  forget(ids: readonly string[], going: Going): Promise<void>;
  prune(going: Going): Promise<void>;
}
