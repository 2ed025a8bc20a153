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
import { addLink, changedLinks, linkNamesInside, removeLink, withLinkNames } from '../network/live-links.js';
import { shapeLink } from '../network/shaping.js';
import type { Entry } from '../state/registry.js';
import { type Definer, type Edit, transient } from './definer.js';
import { type HostFacts, linksOf, type Reader } from './document.js';
import type { LinkPlan } from './plan.js';

export interface AmendParts {
  readonly cgroups: CgroupLayout;
  readonly group: (entry: Entry) => string;
  readonly documents: Documents;
  readonly definer: Definer;
  readonly reader: Reader;
  readonly facts: HostFacts;
  readonly admission: Admission;
}

/** A limit to be written, and what stood in its place. */
export interface ChangedLimit extends Limit {
  readonly was: string;
}

export interface LiveChange {
  readonly entry: Entry;
  readonly initPid: number;
  /** Whether the stored document changes too. */
  readonly stored: boolean;
  readonly edit: Edit;
}

/**
 * In a turn of the domain's queue. It is done whole or not at all: what the kernel refuses, or the disk, puts back what was
 * done before it; what a killed daemon had begun, the next one puts back.
 */
export async function amendLive(change: LiveChange, parts: AmendParts): Promise<void> {
  const { entry } = change;
  const { documents, admission, reader, facts, definer } = parts;
  if (change.stored && !entry.record.persistent) throw transient();
  const before = named(await documents.live(entry), entry);
  const after = named(change.edit(before), entry);
  await reader.read(formatDomain(after), { strict: false });
  const step = plan({ entry, before, after }, parts);
  using _admitted = await admission.beside(claimOf(after, facts));
  await using undo = new Undo();
  undo.push(() => documents.withdraw(entry));
  await documents.propose(entry, after);
  const group = parts.group(entry);
  writeLimits(parts.cgroups, group, step.limits);
  undo.push(() => shareProtection(parts.cgroups, dirname(group)));
  undo.push(() => writeLimits(parts.cgroups, group, reversed(step.limits)));
  shareProtection(parts.cgroups, dirname(group));
  for (const link of step.gone) {
    await removeLink(link, change.initPid);
    undo.push(() => addLink(link, change.initPid));
  }
  for (const link of step.come) {
    await addLink(link, change.initPid);
    undo.push(() => removeLink(link, change.initPid));
  }
  for (const { from, to } of step.reshaped) {
    undo.push(() => shapeLink(from)); // also of what is done by half
    await shapeLink(to);
  }
  if (change.stored) await definer.amend(entry, change.edit);
  await documents.accept(entry, after);
  undo.keep();
}

/** Puts back what a killed daemon had begun to change of a running container. */
export async function undoAmend(entry: Entry, initPid: number, parts: AmendParts): Promise<boolean> {
  const proposed = await parts.documents.proposed(entry);
  if (proposed === undefined) return false;
  const live = named(await parts.documents.live(entry), entry);
  const step = plan({ entry, before: proposed, after: live }, parts);
  writeLimits(parts.cgroups, parts.group(entry), step.limits);
  shareProtection(parts.cgroups, dirname(parts.group(entry)));
  const there = new Set(await linkNamesInside(initPid));
  for (const link of step.gone) if (there.has(link.name)) await removeLink(link, initPid);
  for (const link of step.come) if (!there.has(link.name)) await addLink(link, initPid);
  for (const { to } of step.reshaped) await shapeLink(to);
  await parts.documents.withdraw(entry);
  return true;
}

interface Step {
  readonly limits: readonly ChangedLimit[];
  readonly gone: readonly LinkPlan[];
  readonly come: readonly LinkPlan[];
  readonly reshaped: readonly { readonly from: LinkPlan; readonly to: LinkPlan }[];
}

/** What has to be done to a running container for what differs between two of its documents. */
function plan(
  { entry, before, after }: { entry: Entry; before: Domain; after: Domain },
  { cgroups, facts }: AmendParts,
): Step {
  const limits = planLimits(cgroups, resourcesOf(before, facts), resourcesOf(after, facts));
  const { gone, come, reshaped } = changedLinks(before, after);
  const [oldLinks, newLinks] = [linksOf(before, entry.record), linksOf(after, entry.record)];
  return {
    limits,
    gone: gone.flatMap((at) => oldLinks[at] ?? []),
    come: come.flatMap((at) => newLinks[at] ?? []),
    reshaped: reshaped.flatMap((at) => {
      const [from, to] = [oldLinks[at.from], newLinks[at.to]];
      return from === undefined || to === undefined ? [] : [{ from, to }];
    }),
  };
}

/** With names for its links that no earlier or later one has. */
function named(domain: Domain, { record }: Entry): Domain {
  const { interfaces } = domain.devices;
  if (interfaces === undefined) return domain;
  const links = linksOf(domain, record);
  return { ...domain, devices: { ...domain.devices, interfaces: withLinkNames(interfaces, links) } };
}

/** What has to be written to get from one set of limits to the other; one that is gone is lifted. */
export function changedLimits(before: readonly Limit[], after: readonly Limit[]): ChangedLimit[] {
  const same = (a: Limit) => (b: Limit) => a.controller === b.controller && a.file === b.file;
  const changed = after
    .map((limit) => ({ ...limit, was: before.find(same(limit))?.value ?? unlimitedValue(limit.file) }))
    .filter((limit) => !before.some((old) => same(limit)(old) && old.value === limit.value));
  const lifted = before
    .filter((limit) => !after.some(same(limit)))
    .map((limit) => ({ ...limit, value: unlimitedValue(limit.file), was: limit.value }));
  return [...changed, ...lifted];
}

const reversed = (changes: readonly ChangedLimit[]): ChangedLimit[] =>
  changes.map((change) => ({ ...change, value: change.was, was: change.value })).reverse();

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
export function planLimits(cgroups: CgroupLayout, before: Resources, after: Resources): ChangedLimit[] {
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
