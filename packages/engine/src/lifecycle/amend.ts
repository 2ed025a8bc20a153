// Changes a running container without a restart: its limits, its links, and what its document says besides.
// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Resources, resourcesOf } from '@ctvirt/formats';
import { type Domain, formatDomain } from '@ctvirt/xml';
import type { CgroupLayout } from '../cgroups/layout.js';
import { type Limit, limitsOf, unlimitedValue } from '../cgroups/limits.js';
import { shareProtection } from '../cgroups/protection.js';
import type { Documents } from '../documents.js';
import { EngineError } from '../errors.js';
import type { Admission } from '../guarantees/admission.js';
import { claimOf } from '../guarantees/claim.js';
import { Undo } from '../host/undo.js';
import { addLink, changedLinks, removeLink, withLinkNames } from '../network/live-links.js';
import type { Entry } from '../state/registry.js';
import type { Definer, Edit } from './definer.js';
import { type HostFacts, linksOf, type Reader } from './document.js';

export interface AmendParts {
  readonly cgroups: CgroupLayout;
  readonly group: (entry: Entry) => string;
  readonly documents: Documents;
  readonly definer: Definer;
  readonly reader: Reader;
  readonly facts: HostFacts;
  readonly admission: Admission;
}

export interface LiveChange {
  readonly entry: Entry;
  readonly initPid: number;
  /** Whether the stored document changes too. */
  readonly stored: boolean;
  readonly edit: Edit;
}

/** In a turn of the domain's queue. What may be refused for the documents' sake comes before what the kernel may refuse. */
export async function amendLive(change: LiveChange, parts: AmendParts): Promise<void> {
  const { entry, initPid } = change;
  const before = named(await parts.documents.live(entry), entry);
  const after = named(change.edit(before), entry);
  await parts.reader.read(formatDomain(after), { strict: false });
  const limits = planLimits(parts.cgroups, resourcesOf(before, parts.facts), resourcesOf(after, parts.facts));
  using _admitted = await parts.admission.beside(claimOf(after, parts.facts));
  const { gone, come } = changedLinks(before, after);
  const [oldLinks, newLinks] = [linksOf(before, entry.record), linksOf(after, entry.record)];
  if (change.stored) await parts.definer.amend(entry, change.edit);
  writeLimits(parts.cgroups, parts.group(entry), limits);
  shareProtection(parts.cgroups, dirname(parts.group(entry)));
  await using undo = new Undo();
  for (const link of gone.flatMap((at) => oldLinks[at] ?? [])) {
    await removeLink(link, initPid);
    undo.push(() => addLink(link, initPid));
  }
  for (const link of come.flatMap((at) => newLinks[at] ?? [])) {
    await addLink(link, initPid);
    undo.push(() => removeLink(link, initPid));
  }
  await parts.documents.replaceLive(entry, after);
  undo.keep();
}

/** With names for its links that no earlier or later one has. */
function named(domain: Domain, { record }: Entry): Domain {
  const { interfaces } = domain.devices;
  if (interfaces === undefined) return domain;
  const links = linksOf(domain, record);
  return { ...domain, devices: { ...domain.devices, interfaces: withLinkNames(interfaces, links) } };
}

/** What has to be written to get from one set of limits to the other; one that is gone is lifted. */
export function changedLimits(before: readonly Limit[], after: readonly Limit[]): Limit[] {
  const same = (a: Limit) => (b: Limit) => a.controller === b.controller && a.file === b.file;
  const changed = after.filter((limit) => before.find(same(limit))?.value !== limit.value);
  const lifted = before
    .filter((limit) => !after.some(same(limit)))
    .map((limit) => ({ ...limit, value: unlimitedValue(limit.file) }));
  return [...changed, ...lifted];
}

/** What a container's processes and mounts get when it starts. */
const fixedByStart: readonly (readonly [keyof Resources, string])[] = [
  ['nofile', 'numfile'],
  ['memlockBytes', 'lockedpages'],
  ['ptyMax', 'numpty'],
  ['shmallPages', 'shmpages'],
  ['sigpending', 'numsiginfo'],
];

/**
 * What a running container's group needs to get from one document's limits to the other's; throws `unsupported` if they
 * differ in nothing that can change while it runs.
 */
export function planLimits(cgroups: CgroupLayout, before: Resources, after: Resources): Limit[] {
  if (isDeepStrictEqual(before, after)) return [];
  const fixed = fixedByStart.filter(([field]) => before[field] !== after[field]).map(([, name]) => name);
  if (fixed.length > 0)
    throw new EngineError(
      'unsupported',
      `a running container keeps ${fixed.join(', ')}: change the stored configuration and start it again`,
      { fixed },
    );
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
