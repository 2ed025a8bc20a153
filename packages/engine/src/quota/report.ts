// What a domain's file systems hold and may hold: the report of `ctvirt quota`.
// SPDX-License-Identifier: Apache-2.0
import type { LimitState } from './grace.js';

/** Bytes or inodes; null where nothing is limited or counted. */
export interface QuotaLine {
  readonly used: number | null;
  readonly soft: number | null;
  readonly hard: number | null;
  readonly state: LimitState;
  /** When the grace of the soft limit ends or ended, RFC 3339. */
  readonly graceEnds: string | null;
}

export interface FilesystemQuota {
  /** Where it is mounted inside. */
  readonly target: string;
  readonly space: QuotaLine;
  readonly inodes: QuotaLine;
  /** What keeps the limits, or why nothing does. */
  readonly how: string;
  /** The second level: each user and group of the container that owns something there, or is limited. */
  readonly owners: readonly OwnerQuota[];
  /** What keeps those limits, or why nothing does. */
  readonly ownersHow: string;
}

export interface OwnerQuota {
  readonly kind: 'user' | 'group';
  /** Its number in the container. */
  readonly id: number;
  readonly space: QuotaLine;
  readonly inodes: QuotaLine;
}

export interface QuotaReport {
  readonly name: string;
  readonly graceSeconds: number;
  readonly filesystems: readonly FilesystemQuota[];
}
