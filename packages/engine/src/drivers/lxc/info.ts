// What a domain has of this host and may have at most, and the walls around it, read from the kernel's files.
// SPDX-License-Identifier: Apache-2.0
import type { Wall } from '@ctvirt/api';
import { resourcesOf } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { withProcessDefault } from '../../cgroups/processes.js';
import type { Confinement } from '../../host/apparmor.js';
import type { Facts } from '../../host/facts.js';
import { filesystemsOf, type HostFacts, idMapOf, ownMap } from '../../lifecycle/document.js';
import { lentIn, linksOf } from '../../lifecycle/links.js';
import { sharedIds } from '../../lifecycle/shared-ids.js';
import type { IdRanges } from '../../state/id-ranges.js';
import { describeWalls } from '../../walls/describe.js';
import { standingOf, standingOfPlan } from '../../walls/standing.js';
import { wantedWalls } from '../../walls/wanted.js';
import type { RunInfo, Subject } from '../driver.js';
import { lxcRun } from './run.js';

/** Dependencies of `infoOf`. */
export interface InfoParts {
  readonly facts: HostFacts & Pick<Facts, 'hasSeccomp'>;
  readonly appArmor: Confinement;
  readonly ids: Pick<IdRanges, 'sharers'>;
  /** What stands around links of which no filter says anything. */
  readonly linkWalls: 'up' | 'down';
}

/** Returns what a domain has; of one that is off, what its next start would have. */
export async function infoOf(subject: Subject, domain: Domain, parts: InfoParts): Promise<RunInfo> {
  const { running } = subject;
  return {
    initPid: running === undefined ? null : lxcRun(running).initPid,
    walls: wallsOf(subject, domain, parts),
  };
}

function wallsOf(entry: Subject, domain: Domain, parts: InfoParts): Wall[] {
  const wanted = wantedWalls(domain);
  const standing =
    (entry.running && standingOf(lxcRun(entry.running).initPid)) ??
    standingOfPlan({ walls: wanted, map: idMapOf(domain, entry.record) }, parts.appArmor, parts.facts);
  const most =
    entry.running === undefined
      ? withProcessDefault(resourcesOf(domain, parts.facts)).pidsMax
      : entry.running.use().maxProcesses;
  const links = linksOf(domain, entry.record);
  const folders = filesystemsOf(domain)
    .filter(({ kind }) => kind === 'mount')
    .map(({ source, readOnly, target }) => ({ source, readOnly, isRoot: target === '/' }));
  const shared = sharedIds(idMapOf(domain, entry.record), {
    isLeased: ownMap(domain) === undefined,
    sharers: (kind, ids) => parts.ids.sharers(entry.record.name, kind, ids),
  });
  return describeWalls({
    standing,
    wanted,
    maxProcesses: most ?? null,
    links,
    linkWalls: parts.linkWalls,
    lent: lentIn(domain, entry.record).map(({ name }) => name),
    folders,
    sharedIds: shared.map(({ message }) => message.split(/[:;,] /, 1)[0] ?? message),
  });
}
