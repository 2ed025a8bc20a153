// What every native format can do; index.ts lists them.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { FileSet } from './files.js';
import type { ReportRow } from './report.js';

/** Facts of the host that a configuration leaves to it. */
export interface HostFacts {
  /** Bytes of a memory page: many limits count pages. */
  readonly pageSize: number;
  readonly cpus: number;
}

/** How to read: `careful` checks every step and leaves out what contradicts the rest. */
export interface ReadOptions extends HostFacts {
  readonly careful?: boolean;
  /** Of a container made from a template: make its root anew (`template`, the default), or take its files in place. */
  readonly root?: 'template' | 'private';
  /** Whether all that the files name was looked for: what is missing is not there then. */
  readonly isWhole?: boolean;
}

/** Where the files of a format lie: below a folder that somebody names, and on a host that has that system. */
export interface FormatFiles {
  /** Whether a folder below the named one is entered; `depth` is 1 in that one, `has` whether there is an entry at a path. */
  readonly enters: (path: string, depth: number, has: (path: string) => boolean) => boolean;
  /** Whether a file of that name is one of the format's. */
  readonly wants: (name: string) => boolean;
  /** Whether symbolic links mean something by themselves; elsewhere they are left out. */
  readonly keepsLinks: boolean;
  /** What a container inherits from, by its paths from the folder that its own file or folder lies in. */
  readonly shared: readonly string[];
  /** Whether it can say that a root is made from a template; elsewhere a root is where its files lie. */
  readonly hasTemplates: boolean;
  /** The name of a configuration that is given as one text; undefined where it takes several files. */
  readonly text: string | undefined;
  /** Where a host keeps its containers; undefined where nothing of this kind runs on Linux. */
  readonly home: FormatHome | undefined;
}

/** Where a host keeps the containers of a system. */
export interface FormatHome {
  /** The file, or the folder, of a container; undefined for a name that it has none of. */
  readonly at: (name: string) => string | undefined;
  readonly isFolder: boolean;
  /** Of a container that has a name besides: the link by that name, which leads to its file. */
  readonly linkOf?: (name: string) => string;
  /** What a container is called whose file or folder this is; undefined where the path does not tell. */
  readonly nameAt: (path: string) => string | undefined;
}

/** Bytes of a page wherever OpenVZ, Linux-VServer and Solaris still run; of a host of theirs nobody asks. */
export const usualPageSize = 4096;

/** The files of one container. */
export interface NativeUnit {
  /** The container's name or number, as its place in the tree tells. */
  readonly name: string;
  /** Where it begins: its own file, or its folder. */
  readonly path: string;
}

/** A configuration read: the domain, and what became of each key. */
export interface ReadResult {
  readonly domain: Domain;
  /** Undefined when the configuration does not say. */
  readonly autostart: boolean | undefined;
  readonly report: readonly ReportRow[];
}

/** A domain written: the files by their paths, and what had to be left out or said nearly. */
export interface WriteResult {
  readonly files: FileSet;
  readonly report: readonly ReportRow[];
}

/** A native configuration format. All of it is pure: files come and go as text. */
export interface Format {
  readonly name: string;
  /** One sentence for people. */
  readonly doc: string;
  readonly files: FormatFiles;
  /** The containers found among the files; none when this is not their format. */
  detect(files: FileSet): readonly NativeUnit[];
  /** Paths outside the files that reading a unit needs as well (includes); ask again once they are there. */
  references(files: FileSet, unit: NativeUnit): readonly string[];
  /** Reads one container; throws FormatError only when there is no domain to be had. */
  read(files: FileSet, unit: NativeUnit, host: ReadOptions): ReadResult;
  /** Writes one container, over the files it had if there were any. */
  write(
    domain: Domain,
    options: { readonly autostart?: boolean | undefined; readonly known?: FileSet } & HostFacts,
  ): WriteResult;
}
