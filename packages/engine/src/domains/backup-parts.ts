// What operations on backups are made of, and what they tell who asked.
// SPDX-License-Identifier: Apache-2.0
import type { KnownFilesStore } from '../backup/known-files.js';
import type { Repositories } from '../backup/repositories.js';
import type { Going } from '../backup/tool.js';
import type { Watched } from '../contract.js';
import type { BackupSchedule } from '../schedule/backups.js';
import type { BackupTimes } from '../state/backup-times.js';
import type { KeyedQueue } from '../state/queue.js';
import type { DomainStore } from '../state/store.js';
import type { KeptParts } from './kept.js';
import type { MountParts } from './mounting.js';
import type { StillParts } from './still-files.js';

/** Dependencies of `backupOperations`. */
export interface BackupParts
  extends Omit<KeptParts, 'rootMounts' | 'store'>,
    MountParts,
    Omit<StillParts, 'rootMounts' | 'store'> {
  readonly store: DomainStore;
  readonly queue: KeyedQueue;
  readonly repositories: Repositories;
  readonly backupTimes: BackupTimes;
  readonly knownFiles: Pick<KnownFilesStore, 'get' | 'set'>;
  /** Of domains whose document says nothing. */
  readonly backupSchedule: BackupSchedule | undefined;
}

/** For who asked. */
export const goingOf = (phase: string, { signal, onProgress }: Watched): Going => ({
  signal,
  onProgress: (done, total) => onProgress?.({ phase, done, ...(total !== undefined && { total }) }),
});

/** How long it took, to a tenth. */
export const secondsSince = (began: number): number => Math.round((performance.now() - began) / 100) / 10;
