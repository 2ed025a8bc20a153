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
}

/** The files of one container. */
export interface NativeUnit {
  /** The container's name or number, as its place in the tree tells. */
  readonly name: string;
  /** Where it begins: its own file, or its folder. */
  readonly path: string;
}

export interface ReadResult {
  readonly domain: Domain;
  /** Undefined when the configuration does not say. */
  readonly autostart: boolean | undefined;
  readonly report: readonly ReportRow[];
}

export interface WriteResult {
  readonly files: FileSet;
  readonly report: readonly ReportRow[];
}

/** A native configuration format. All of it is pure: files come and go as text. */
export interface Format {
  readonly name: string;
  /** One sentence for people. */
  readonly doc: string;
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
