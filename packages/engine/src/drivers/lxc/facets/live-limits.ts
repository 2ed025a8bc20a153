// From one set of limits to another on a running container: what has to be written, all of it or nothing.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Resources } from '@ctvirt/formats';
import { type IoDisks, lacksDisks, noDisks } from '../../../cgroups/io-limits.js';
import type { CgroupLayout } from '../../../cgroups/layout.js';
import { type Limit, lineOf, unlimitedValue } from '../../../cgroups/limit.js';
import { limitsOf } from '../../../cgroups/limits.js';
import { withProcessDefault } from '../../../cgroups/processes.js';
import { EngineError } from '../../../errors.js';
import { hostHas } from '../../../host/facts.js';
import { noDisk } from '../../../lifecycle/block-io.js';

const same = (a: Limit) => (b: Limit) =>
  a.controller === b.controller && a.file === b.file && a.device === b.device;

/** A limit to be written, and what stood in its place. */
export interface ChangedLimit extends Limit {
  readonly was: string;
}

/** Those that are not among the others with the same value. */
const differing = (limits: readonly Limit[], others: readonly Limit[]): Limit[] =>
  limits.filter((limit) => others.find(same(limit))?.value !== limit.value);

/** What has to be written to get from one set of limits to the other; one that is gone is lifted. */
export function changedLimits(before: readonly Limit[], after: readonly Limit[]): ChangedLimit[] {
  const none = ({ file, device }: Limit): string => unlimitedValue(file, device);
  const changed = differing(after, before).map((limit) => ({
    ...limit,
    was: before.find(same(limit))?.value ?? none(limit),
  }));
  const lifted = before
    .filter((limit) => !after.some(same(limit)))
    .map((limit) => ({ ...limit, value: none(limit), was: limit.value }));
  return [...changed, ...lifted];
}

/** Returns the changes that undo these, the last one first. */
export const reversed = (changes: readonly ChangedLimit[]): ChangedLimit[] =>
  changes.map((change) => ({ ...change, value: change.was, was: change.value })).reverse();

/** What a container's processes and mounts get when it starts. */
const fixedByStart: readonly (readonly [keyof Resources, string])[] = [
  ['nofile', 'numfile'],
  ['memlockBytes', 'lockedpages'],
  ['ptyMax', 'numpty'],
  ['shmallPages', 'shmpages'],
  ['sigpending', 'numsiginfo'],
];

/** What the host can limit of block I/O. */
export interface HostIo {
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  /** Below the domain's file systems. */
  readonly disks: IoDisks;
}

const anyHost: HostIo = { has: () => true, disks: noDisks };

/**
 * What a running container's group needs to get from one document's limits to the other's; throws `unsupported` if they
 * differ in nothing that can change while it runs.
 */
export function planLimits(
  cgroups: CgroupLayout,
  before: Resources,
  after: Resources,
  { has, disks }: HostIo = anyHost,
): ChangedLimit[] {
  if (isDeepStrictEqual(before, after)) return [];
  const fixed = fixedByStart.filter(([field]) => before[field] !== after[field]).map(([, name]) => name);
  if (fixed.length > 0)
    throw new EngineError(
      'unsupported',
      `a running container keeps ${fixed.join(', ')}: change its stored configuration (--config) and start it again`,
      { fixed },
    );
  if (lacksDisks(after, disks) && !isDeepStrictEqual(ratesOf(before), ratesOf(after)))
    throw new EngineError('unsupported', `there is nothing to limit: ${noDisk}`);
  const old = limitsOf(withProcessDefault(withDisksThere(before, disks)), cgroups, has, disks);
  const wanted = limitsOf(withProcessDefault(after), cgroups, has, disks);
  const [lacking] = differing(wanted.missing, old.missing);
  if (lacking !== undefined)
    throw new EngineError(
      'unsupported',
      `this host cannot set ${lacking.file} to ${lineOf(lacking)}: ${
        lacking.device === undefined
          ? 'its kernel has no such file'
          : 'its kernel has no such file, or that disk no I/O scheduler with weights (bfq)'
      }`,
      { file: lacking.file, value: lineOf(lacking) },
    );
  const changes = changedLimits(old.set, wanted.set);
  if (changes.length > 0 || isDeepStrictEqual(unpromised(before), unpromised(after))) return changes;
  throw new EngineError(
    'unsupported',
    'this cannot be changed while the domain runs: change its stored configuration (--config) and start it again',
  );
}

/** Promises count in the ledger, and for whom the kernel ends first, whether or not it has a file for them. */
const unpromised = ({ memoryLowBytes: _low, memoryMinBytes: _min, ...others }: Resources): Resources =>
  others;

const ratesOf = ({ ioBytesPerSecond, ioOperationsPerSecond }: Resources) => ({
  ioBytesPerSecond,
  ioOperationsPerSecond,
});

/** With a disk its limits have gone. */
function withDisksThere(resources: Resources, disks: IoDisks): Resources {
  if (resources.ioDevices === undefined) return resources;
  const isThere = ({ path }: { readonly path: string }): boolean => {
    try {
      disks.named(path);
      return true;
    } catch {
      return false; // told where it is asked for, not where it was
    }
  };
  return { ...resources, ioDevices: resources.ioDevices.filter(isThere) };
}

/** Writes limits to the group's files; if the kernel refuses one it throws `unsupported` or `busy`, and none is changed. */
export function writeLimits(cgroups: CgroupLayout, group: string, changes: readonly ChangedLimit[]): void {
  // Memory may not pass memory and swap together, nor these fall below it: which of the two has to go first
  // depends on the direction, and the one that was too early succeeds the second time.
  const early = changes.filter((limit) => attempt(cgroups, group, limit) !== undefined);
  for (const limit of early) {
    const error = attempt(cgroups, group, limit);
    if (error === undefined) continue;
    const written = changes.filter((change) => !early.slice(early.indexOf(limit)).includes(change));
    writeLimits(cgroups, group, reversed(written));
    const isBusy = error.code === 'EBUSY';
    throw new EngineError(
      isBusy ? 'busy' : 'unsupported',
      isBusy
        ? `${limit.file} cannot be ${lineOf(limit)}: more is in use`
        : `this kernel does not take ${lineOf(limit)} for ${limit.file} (${error.code})${hostHas(limit.file)}`,
      { file: limit.file, value: lineOf(limit) },
      { cause: error },
    );
  }
}

function attempt(cgroups: CgroupLayout, group: string, limit: Limit): NodeJS.ErrnoException | undefined {
  try {
    const line = lineOf(limit) || whole(cgroups, group, limit);
    writeFileSync(join(cgroups.path(limit.controller, group), limit.file), line);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** What lifts a list: while processes are in the group kernels take no empty one, so all that the group above has. */
const whole = (cgroups: CgroupLayout, group: string, { controller, file }: Limit): string =>
  readFileSync(
    join(cgroups.path(controller, dirname(group)), cgroups.version === 1 ? file : `${file}.effective`),
    'utf8',
  );
