// First-level limits that differ between two documents of a running container, and which of them it can take.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../../../errors.js';
import { backends, type FilesystemSpec, otherDomain } from '../../../storage/index.js';

/** One file system, with its limit before and after. */
export interface ChangedSpace {
  readonly from: FilesystemSpec;
  readonly to: FilesystemSpec;
}

/** Throws `unsupported` for what was fixed when a file system was made. */
export function changedSpaces(
  before: readonly FilesystemSpec[],
  after: readonly FilesystemSpec[],
): ChangedSpace[] {
  return after.flatMap((to): ChangedSpace[] => {
    const from = before.find(({ key }) => key === to.key);
    if (from === undefined || backends[to.kind].relimit === undefined) return [];
    if (isDeepStrictEqual(from.limit, to.limit)) return [];
    const why =
      from.limit?.bytes === undefined
        ? 'was made without a limit on its space'
        : to.limit?.bytes === undefined
          ? 'was made with a limit on its space, and keeps one'
          : from.limit.inodes !== to.limit.inodes
            ? `has ${from.limit.inodes ?? 'any number of'} inodes since it was made, and keeps them`
            : undefined;
    if (why !== undefined)
      throw new EngineError('unsupported', `the file system at '${to.target}' ${why}: ${otherDomain}`, {
        target: to.target,
      });
    return [{ from, to }];
  });
}

/** File systems whose users get other limits. */
export function changedOwners(
  before: readonly FilesystemSpec[],
  after: readonly FilesystemSpec[],
): ChangedSpace[] {
  return after.flatMap((to) => {
    const from = before.find(({ key }) => key === to.key);
    return from === undefined || isDeepStrictEqual(from.owners, to.owners) ? [] : [{ from, to }];
  });
}
