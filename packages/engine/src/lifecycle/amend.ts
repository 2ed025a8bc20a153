// Changes a running container without a restart: its limits, its links, and what its document says besides.
// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import { resourcesOf } from '@ctvirt/formats';
import { type Domain, formatDomain } from '@ctvirt/xml';
import type { IoDisks } from '../cgroups/io-limits.js';
import type { CgroupLayout } from '../cgroups/layout.js';
import type { Limit } from '../cgroups/limit.js';
import type { ProcessCeiling } from '../cgroups/processes.js';
import { isProtection, shareProtection } from '../cgroups/protection.js';
import type { Documents } from '../documents.js';
import type { Admission } from '../guarantees/admission.js';
import { claimOf } from '../guarantees/claim.js';
import { asksMore } from '../guarantees/ledger.js';
import { Undo } from '../host/undo.js';
import { addLink, changedLinks, isLinkThere, removeLink, withLinkNames } from '../network/live-links.js';
import { refuseLinks } from '../network/refusals.js';
import { shapeLink } from '../network/shaping.js';
import type { Wall } from '../network/wall.js';
import type { PlacedChange, Placement } from '../placement/placement.js';
import { type ChangedSpace, changedOwners, changedSpaces } from '../quota/changed-limits.js';
import type { Entry, Registry } from '../state/registry.js';
import type { FilesystemSpec } from '../storage/index.js';
import { type Changed, type Definer, type Edit, transient } from './definer.js';
import {
  addressesOf,
  filesystemsOf,
  type HostFacts,
  linkPrefixOf,
  linksOf,
  type Reader,
} from './document.js';
import { type ChangedLimit, planLimits, reversed, writeLimits } from './live-limits.js';
import type { LinkPlan } from './plan.js';

export interface AmendParts {
  readonly registry: Registry;
  readonly cgroups: CgroupLayout;
  readonly group: (entry: Entry) => string;
  readonly documents: Documents;
  readonly definer: Definer;
  readonly reader: Reader;
  readonly facts: HostFacts;
  readonly admission: Admission;
  readonly placement: Placement;
  readonly wall: Wall;
  readonly ceiling: ProcessCeiling;
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  /** The disks below the domain's file systems. */
  readonly disks: (entry: Entry, domain: Domain) => IoDisks;
  /** Changes the first-level limit of an open file system. */
  readonly relimit: (entry: Entry, spec: FilesystemSpec) => Promise<void>;
  /** Puts limits of single users in force; throws `unsupported` where nothing would keep them. */
  readonly limitOwners: (entry: Entry, domain: Domain) => void;
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
export async function amendLive(change: LiveChange, parts: AmendParts): Promise<Changed> {
  const { entry } = change;
  const { documents, admission, reader, facts, definer } = parts;
  if (change.stored && !entry.record.persistent) throw transient();
  const before = named(await documents.live(entry), entry);
  const after = named(change.edit(before), entry);
  const xml = formatDomain(after);
  const { claim } = await reader.read(xml, { strict: false, isChanged: true });
  using place = parts.placement.change(entry, resourcesOf(before, facts), resourcesOf(after, facts));
  const step = plan({ entry, before, after, place }, parts);
  // Who is promised no more than before need not be let in again.
  const isMore = asksMore(claim, claimOf(before, facts));
  using _admitted = isMore ? await admission.beside(claim) : undefined;
  await using undo = new Undo();
  const held = entry.liveAddresses;
  parts.registry.hold(entry, [...new Set([...held, ...addressesOf(after)])]);
  undo.push(() => parts.registry.hold(entry, held));
  undo.push(() => documents.withdraw(entry));
  documents.propose(entry, xml);
  const group = parts.group(entry);
  writeLimits(parts.cgroups, group, step.limits);
  const share = (): void => {
    // It looks at all containers that run.
    if (step.limits.some(isProtection)) shareProtection(parts.cgroups, dirname(group));
  };
  undo.push(share);
  undo.push(() => parts.ceiling.know(entry.record.name, resourcesOf(before, facts)));
  parts.ceiling.know(entry.record.name, resourcesOf(after, facts));
  undo.push(() => writeLimits(parts.cgroups, group, reversed(step.limits)));
  share();
  const guard = (links: readonly LinkPlan[]) => parts.wall.guard(entry.record.uuid, links);
  const links = linksOf(before, entry.record);
  undo.push(() => guard(links));
  // What goes may come back, should something fail.
  refuseLinks(step.come, linkPrefixOf(entry.record));
  if (step.come.length > 0) await guard([...links, ...step.come]);
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
  if (step.isOwners) {
    undo.push(() => parts.limitOwners(entry, before));
    parts.limitOwners(entry, after);
  }
  for (const { from, to } of step.spaces) {
    undo.push(() => parts.relimit(entry, from));
    await parts.relimit(entry, to);
  }
  if (change.stored) await definer.amend(entry, change.edit);
  documents.accept(entry, after);
  parts.registry.hold(entry, addressesOf(after));
  await guard(linksOf(after, entry.record));
  undo.keep();
  place.keep();
  return { before, after };
}

/** Puts back what a killed daemon had begun to change of a running container. */
export async function undoAmend(entry: Entry, initPid: number, parts: AmendParts): Promise<boolean> {
  const proposed = parts.documents.proposed(entry);
  if (proposed === undefined) return false;
  const live = named(await parts.documents.live(entry), entry);
  const [from, to] = [resourcesOf(proposed, parts.facts), resourcesOf(live, parts.facts)];
  parts.placement.know(entry, from);
  using place = parts.placement.change(entry, from, to);
  const step = plan({ entry, before: proposed, after: live, place }, parts);
  writeLimits(parts.cgroups, parts.group(entry), step.limits);
  shareProtection(parts.cgroups, dirname(parts.group(entry)));
  await parts.wall.guard(
    entry.record.uuid,
    [proposed, live].flatMap((domain) => linksOf(domain, entry.record)),
  );
  for (const link of step.gone) if (await isLinkThere(link, initPid)) await removeLink(link, initPid);
  for (const link of step.come) if (!(await isLinkThere(link, initPid))) await addLink(link, initPid);
  for (const { to } of step.reshaped) await shapeLink(to);
  for (const { to } of step.spaces) await parts.relimit(entry, to);
  if (step.isOwners) parts.limitOwners(entry, live);
  parts.documents.withdraw(entry);
  place.keep();
  return true;
}

interface Step {
  readonly limits: readonly ChangedLimit[];
  readonly gone: readonly LinkPlan[];
  readonly come: readonly LinkPlan[];
  readonly spaces: readonly ChangedSpace[];
  /** Whether single users get other limits. */
  readonly isOwners: boolean;
  readonly reshaped: readonly { readonly from: LinkPlan; readonly to: LinkPlan }[];
}

/** What has to be done to a running container for what differs between two of its documents. */
function plan(
  { entry, before, after, place }: { entry: Entry; before: Domain; after: Domain; place: PlacedChange },
  { cgroups, has, disks }: AmendParts,
): Step {
  const limits = planLimits(cgroups, place.from, place.to, { has, disks: disks(entry, after) });
  const { gone, come, reshaped } = changedLinks(before, after);
  const [oldLinks, newLinks] = [linksOf(before, entry.record), linksOf(after, entry.record)];
  return {
    limits,
    spaces: changedSpaces(filesystemsOf(before), filesystemsOf(after)),
    isOwners: changedOwners(filesystemsOf(before), filesystemsOf(after)).length > 0,
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
