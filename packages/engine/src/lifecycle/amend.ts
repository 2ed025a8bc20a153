// Changes the limits of a running container without a restart.
// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Resources } from '@ctvirt/formats';
import type { CgroupLayout } from '../cgroups/layout.js';
import { type Limit, limitsOf, unlimitedValue } from '../cgroups/limits.js';
import { EngineError } from '../errors.js';

/** What has to be written to get from one set of limits to the other; one that is gone is lifted. */
export function changedLimits(before: readonly Limit[], after: readonly Limit[]): Limit[] {
  const same = (a: Limit) => (b: Limit) => a.controller === b.controller && a.file === b.file;
  const changed = after.filter((limit) => before.find(same(limit))?.value !== limit.value);
  const lifted = before
    .filter((limit) => !after.some(same(limit)))
    .map((limit) => ({ ...limit, value: unlimitedValue(limit.file) }));
  return [...changed, ...lifted];
}

/**
 * What a running container's group needs to get from one document's limits to the other's; throws `unsupported` if they
 * differ in nothing that can change while it runs.
 */
export function planLimits(cgroups: CgroupLayout, before: Resources, after: Resources): Limit[] {
  if (isDeepStrictEqual(before, after)) return [];
  const settable = (resources: Resources) => limitsOf(resources, cgroups, () => true).set;
  const changes = changedLimits(settable(before), settable(after));
  if (changes.length > 0) return changes;
  throw new EngineError(
    'unsupported',
    'this cannot be changed while the domain runs: change its stored configuration and start it again',
  );
}

/** Writes limits to the group's files; throws `unsupported` or `busy` if the kernel refuses one. */
export function writeLimits(cgroups: CgroupLayout, group: string, changes: readonly Limit[]): void {
  // Memory may not pass memory and swap together, nor these fall below it: which of the two has to go first
  // depends on the direction, and the one that was too early succeeds the second time.
  const early = changes.filter((limit) => attempt(cgroups, group, limit) !== undefined);
  for (const limit of early) {
    const error = attempt(cgroups, group, limit);
    if (error === undefined) continue;
    const isBusy = error.code === 'EBUSY';
    throw new EngineError(
      isBusy ? 'busy' : 'unsupported',
      isBusy
        ? `${limit.file} cannot be ${limit.value}: more is in use`
        : `this kernel does not take ${limit.value} for ${limit.file} (${error.code})`,
      { file: limit.file, value: limit.value },
      { cause: error },
    );
  }
}

function attempt(cgroups: CgroupLayout, group: string, limit: Limit): NodeJS.ErrnoException | undefined {
  try {
    writeFileSync(join(cgroups.path(limit.controller, group), limit.file), limit.value);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
