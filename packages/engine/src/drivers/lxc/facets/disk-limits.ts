// The limits of open file systems, of each as a whole and of the users in them.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { IdMap } from '../../../host/userns.js';
import { filesystemsOf, idMapOf } from '../../../lifecycle/document.js';
import type { FilesystemSpec } from '../../../storage/index.js';
import type { Subject } from '../../driver.js';
import { changedOwners, changedSpaces } from './changed-limits.js';
import type { Step } from './step.js';

/** Sets limits of open file systems. */
export interface DiskLimits {
  /** The first-level limits in force from a run's first moment on. */
  readonly atStart: (
    subject: Subject,
    graceSeconds: number,
  ) => Promise<(spec: FilesystemSpec) => FilesystemSpec['limit']>;
  /** Changes the first-level limit of an open file system; what is put back is had as far as it can be, and the log says what is not. */
  readonly relimit: (
    subject: Subject,
    spec: FilesystemSpec,
    how: { readonly isBack: boolean },
  ) => Promise<void>;
  /** Throws `unsupported` where nothing would keep limits of single users. */
  readonly checkOwners: (subject: Subject, specs: readonly FilesystemSpec[]) => void;
  readonly limitOwners: (subject: Subject, specs: readonly FilesystemSpec[], map: IdMap) => void;
}

/** Returns the steps from the disk limits of one document to those of another, to which `isBack` says that it goes back. */
export function diskLimitSteps(
  from: Domain,
  to: Domain,
  subject: Subject,
  {
    limits,
    isBack,
  }: {
    readonly limits: Pick<DiskLimits, 'relimit' | 'checkOwners' | 'limitOwners'>;
    readonly isBack: boolean;
  },
): Step[] {
  const [old, next] = [filesystemsOf(from), filesystemsOf(to)];
  const put = (domain: Domain, specs: readonly FilesystemSpec[]): void => {
    limits.checkOwners(subject, specs);
    limits.limitOwners(subject, specs, idMapOf(domain, subject.record));
  };
  const owners: Step[] =
    changedOwners(old, next).length === 0
      ? []
      : [{ do: () => put(to, next), undo: () => put(from, old), isGradual: true }];
  const spaces = changedSpaces(old, next).map(
    (space): Step => ({
      do: () => limits.relimit(subject, space.to, { isBack }),
      undo: () => limits.relimit(subject, space.from, { isBack: true }),
      isGradual: true,
    }),
  );
  return [...owners, ...spaces];
}
