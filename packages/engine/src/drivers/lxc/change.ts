// Changes a running container without a restart: its limits, its links, and what its document says besides.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { IoDisks } from '../../cgroups/io-limits.js';
import type { CgroupLayout } from '../../cgroups/layout.js';
import type { Limit } from '../../cgroups/limit.js';
import type { ProcessCeiling } from '../../cgroups/processes.js';
import { EngineError, notRunning } from '../../errors.js';
import { Undo } from '../../host/undo.js';
import { filesystemsOf, type HostFacts } from '../../lifecycle/document.js';
import { linksOf } from '../../lifecycle/links.js';
import { resourcesIn } from '../../lifecycle/resources.js';
import type { LentLinks } from '../../network/lent-links.js';
import { withLinkNames } from '../../network/live-links.js';
import type { Wall } from '../../network/wall.js';
import type { PlacedChange, Placement } from '../../placement/placement.js';
import { diskName } from '../../state/layout.js';
import type { DomainRecord } from '../../state/record.js';
import type { FilesystemSpec } from '../../storage/index.js';
import type { LiveChange, Subject } from '../driver.js';
import { type DiskLimits, diskLimitSteps } from './facets/disk-limits.js';
import { limitSteps } from './facets/limits.js';
import { lentSteps, linkSteps } from './facets/links.js';
import { deviceSteps, filesystemSteps, type MountParts } from './facets/mounts.js';
import { nameSteps } from './facets/names.js';
import type { Step } from './facets/step.js';
import { lxcRun } from './run.js';
import { runInside, type Tool } from './run-inside.js';
import type { LxcTools } from './tools.js';

/** Dependencies of `changeRun` and `restoreRun`. */
export interface ChangeParts extends MountParts {
  readonly tools: LxcTools;
  readonly cgroups: CgroupLayout;
  readonly placement: Placement;
  readonly wall: Wall;
  readonly lent: LentLinks;
  readonly ceiling: ProcessCeiling;
  readonly facts: HostFacts;
  /** Whether groups have the file of a limit. */
  readonly has: (limit: Limit) => boolean;
  /** The disks below the domain's file systems. */
  readonly disks: (subject: Subject, filesystems: readonly FilesystemSpec[]) => IoDisks;
  readonly diskLimits: DiskLimits;
}

/** It is done whole or not at all: what the kernel refuses, or the commit, puts back what was done before it. */
export async function changeRun(
  subject: Subject,
  { before, after, commit }: LiveChange,
  parts: ChangeParts,
): Promise<void> {
  using place = placed(subject, before, after, parts);
  await using undo = new Undo();
  for (const step of stepsOf(subject, before, after, { place, isBack: false }, parts)) {
    if (step.isGradual === true) undo.push(step.undo);
    await step.do();
    if (step.isGradual !== true) undo.push(step.undo);
  }
  await commit();
  await parts.wall.guard(subject.record.uuid, linksOf(after, subject.record));
  undo.keep();
  place.keep();
}

/** The same steps, of which some were done, the other way. */
export async function restoreRun(
  subject: Subject,
  wanted: Domain,
  domain: Domain,
  parts: ChangeParts,
): Promise<void> {
  parts.placement.know(subject, resourcesIn(wanted, parts.facts));
  using place = placed(subject, wanted, domain, parts);
  for (const step of stepsOf(subject, wanted, domain, { place, isBack: true }, parts))
    if ((await step.isDone?.()) !== true) await step.do();
  place.keep();
}

const placed = (subject: Subject, from: Domain, to: Domain, { placement, facts }: ChangeParts) =>
  placement.change(subject, resourcesIn(from, facts), resourcesIn(to, facts));

/** What has to be done to a running container for what differs between two of its documents: each property's own, in order. */
function stepsOf(
  subject: Subject,
  from: Domain,
  to: Domain,
  { place, isBack }: { readonly place: PlacedChange; readonly isBack: boolean },
  parts: ChangeParts,
): Step[] {
  const { record } = subject;
  const { cgroups, ceiling, has, wall, tools, facts } = parts;
  return [
    ...limitSteps(resourcesIn(from, facts), resourcesIn(to, facts), {
      ...{ cgroups, ceiling, has, place },
      group: tools.group(diskName(record.name)),
      name: record.name,
      disks: parts.disks(subject, filesystemsOf(to)),
    }),
    ...lentSteps(from, to, { record, lent: parts.lent, initPid: runOf(subject).initPid }),
    ...linkSteps(from, to, { record, wall, initPid: runOf(subject).initPid }),
    ...filesystemSteps(from, to, { record, run: runOf(subject) }, parts),
    ...deviceSteps(from, to, { record, run: runOf(subject) }, parts),
    ...nameSteps(from, to, { record, inside: (tool) => insideOf(subject, tool) }),
    ...diskLimitSteps(from, to, subject, { limits: parts.diskLimits, isBack }),
  ];
}

function runOf({ running, record }: Subject) {
  if (running === undefined) throw notRunning(record.name);
  return lxcRun(running);
}

/** Nothing gets on in one that is paused. */
async function insideOf(subject: Subject, tool: Tool): Promise<string> {
  const run = runOf(subject);
  if (run.isFrozen)
    throw new EngineError(
      'wrong-state',
      `domain '${subject.record.name}' is paused: resume it first, or change its stored configuration alone (--config)`,
    );
  return await runInside(run, tool);
}

/** A document with names for its links that no earlier or later one has. */
export function namedLinks(domain: Domain, record: DomainRecord): Domain {
  const { interfaces } = domain.devices;
  if (interfaces === undefined) return domain;
  return {
    ...domain,
    devices: { ...domain.devices, interfaces: withLinkNames(interfaces, linksOf(domain, record)) },
  };
}
