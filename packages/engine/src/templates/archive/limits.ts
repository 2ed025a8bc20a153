// What an archive may cost at most before it is refused.
// SPDX-License-Identifier: Apache-2.0

/** Bounds of one import; every one is checked before or while unpacking, none after. */
export interface ImportLimits {
  /** Length of the archive as read. */
  archiveBytes: number;
  /** Sum of the unpacked file lengths, holes counted in full. */
  unpackedBytes: number;
  /** Longest single file. */
  fileBytes: number;
  /** Unpacked over read, looked at beyond `RATIO_FROM` unpacked bytes. */
  ratio: number;
  entries: number;
  /** Bytes of one whole path. */
  pathBytes: number;
  /** All paths and link targets together; they are kept in memory during the import. */
  nameBytes: number;
  /** Folders above an entry, itself counted. */
  depth: number;
  /** Highest owner or group number; a container's id range has 65536. */
  maxId: number;
  /** Extended headers of one entry. */
  headerBytes: number;
  /** Processor time of the unpacking tar and of the decompressor, each. */
  cpuSeconds: number;
  /** Address space of the unpacking tar and of the decompressor, each. */
  memoryBytes: number;
}

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** Generous for any real system, small against an attack. */
export const DEFAULT_LIMITS: Readonly<ImportLimits> = {
  archiveBytes: 64 * GiB,
  unpackedBytes: 64 * GiB,
  fileBytes: 16 * GiB,
  ratio: 200,
  entries: 1_000_000,
  pathBytes: 1024,
  nameBytes: 128 * MiB,
  depth: 64,
  maxId: 65_535,
  headerBytes: MiB,
  cpuSeconds: 1800,
  memoryBytes: GiB,
};

const TiB = 1024 * GiB;

/** Of the archive of a domain, which may hold a file server: what it takes of the daemon's memory is bounded all the same. */
export const DOMAIN_LIMITS: Readonly<ImportLimits> = {
  ...DEFAULT_LIMITS,
  archiveBytes: 16 * TiB,
  unpackedBytes: 16 * TiB,
  fileBytes: 16 * TiB,
  ratio: Number.POSITIVE_INFINITY,
  entries: 2_000_000,
  pathBytes: 4095,
  nameBytes: 512 * MiB,
  depth: 2048,
  cpuSeconds: 24 * 3600,
};

/** Below this many unpacked bytes the ratio says nothing. */
export const RATIO_FROM = 64 * MiB;

/** Longest name of one file on Linux file systems. */
export const COMPONENT_BYTES = 255;
