// What a domain has of this host and may have at most, and the walls around it, read from the kernel's files.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomainInfo, Wall } from '@ctvirt/api';
import { resourcesOf } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { type CgroupLayout, readNumber } from '../../cgroups/layout.js';
import { withProcessDefault } from '../../cgroups/processes.js';
import type { Confinement } from '../../host/apparmor.js';
import type { Facts } from '../../host/facts.js';
import { filesystemsOf, type HostFacts, idMapOf, linksOf } from '../../lifecycle/document.js';
import { sharedIds } from '../../lifecycle/shared-ids.js';
import { diskName } from '../../state/layout.js';
import type { DomainStore } from '../../state/store.js';
import { backends, type KeptContext } from '../../storage/index.js';
import { describeWalls } from '../../walls/describe.js';
import { standingOf, standingOfPlan } from '../../walls/standing.js';
import { wantedWalls } from '../../walls/wanted.js';
import type { RunInfo, Subject } from '../driver.js';
import { lxcRun } from './run.js';
import type { LxcTools } from './tools.js';

/** Dependencies of `infoOf`. */
export interface InfoParts {
  readonly cgroups: CgroupLayout;
  readonly tools: Pick<LxcTools, 'group'>;
  readonly store: DomainStore;
  readonly kept: (subject: Subject) => KeptContext;
  readonly facts: HostFacts & Pick<Facts, 'hasSeccomp'>;
  readonly appArmor: Confinement;
  /** Whether a domain has leased any of these ids. */
  readonly leased: (start: number, count: number) => boolean;
}

/** Returns what a domain has; of one that is off, what its next start would have. */
export async function infoOf(subject: Subject, domain: Domain, parts: InfoParts): Promise<RunInfo> {
  const { cgroups, tools } = parts;
  const { record, running } = subject;
  const group = tools.group(diskName(record.name));
  const memory = cgroups.path('memory', group);
  const pids = cgroups.path('pids', group);
  const isV2 = cgroups.version === 2;
  const used = readNumber(join(memory, isV2 ? 'memory.current' : 'memory.usage_in_bytes'));
  const maxProcesses = readNumber(join(pids, 'pids.max'));
  return {
    initPid: running === undefined ? null : lxcRun(running).initPid,
    usedMemoryKiB: used === null ? null : Math.round(used / 1024),
    cpuTimeNs: running === undefined ? null : cpuTimeNs(cgroups, group),
    processes: readNumber(join(pids, 'pids.current')),
    maxProcesses,
    disk: await diskOf(subject, domain, parts),
    walls: wallsOf(subject, domain, parts, maxProcesses),
  };
}

function wallsOf(entry: Subject, domain: Domain, parts: InfoParts, maxProcesses: number | null): Wall[] {
  const wanted = wantedWalls(domain);
  const standing =
    (entry.running && standingOf(lxcRun(entry.running).initPid)) ??
    standingOfPlan({ walls: wanted, map: idMapOf(domain, entry.record) }, parts.appArmor, parts.facts);
  const most =
    entry.running === undefined ? withProcessDefault(resourcesOf(domain, parts.facts)).pidsMax : maxProcesses;
  const links = linksOf(domain, entry.record);
  const folders = filesystemsOf(domain)
    .filter(({ kind }) => kind === 'mount')
    .map(({ source, readOnly, target }) => ({ source, readOnly, isRoot: target === '/' }));
  const map = domain.idmap === undefined ? undefined : idMapOf(domain, entry.record);
  const shared = map === undefined ? [] : sharedIds(map, { leased: parts.leased });
  return describeWalls({
    standing,
    wanted,
    maxProcesses: most ?? null,
    links,
    folders,
    sharedIds: shared.map(({ message }) => message.split(/[:;,] /, 1)[0] ?? message),
  });
}

function cpuTimeNs(cgroups: CgroupLayout, group: string): number | null {
  if (cgroups.version === 1) return readNumber(join(cgroups.path('cpuacct', group), 'cpuacct.usage'));
  try {
    const usec = /^usage_usec (\d+)$/m.exec(
      readFileSync(join(cgroups.path('cpu', group), 'cpu.stat'), 'utf8'),
    );
    return usec === null ? null : Number(usec[1]) * 1000;
  } catch {
    return null; // ended meanwhile
  }
}

/** Of a running container what its root says; of one that is off the blocks its image takes. */
async function diskOf(
  entry: Subject,
  domain: Domain,
  { store, kept }: Pick<InfoParts, 'store' | 'kept'>,
): Promise<DomainInfo['disk']> {
  const none = { usedBytes: null, limitBytes: null, usedInodes: null, limitInodes: null };
  const limited = store.lease(entry.record.name)?.made.find(({ target }) => target === '/')?.limited === true;
  if (entry.running !== undefined) {
    const root = await statfs(`/proc/${lxcRun(entry.running).initPid}/root`).catch(() => undefined);
    if (root === undefined || !limited) return none;
    return {
      usedBytes: (root.blocks - root.bfree) * root.bsize,
      limitBytes: root.blocks * root.bsize,
      usedInodes: root.files - root.ffree,
      limitInodes: root.files,
    };
  }
  if (!limited) return none;
  const spec = filesystemsOf(domain).find(({ target }) => target === '/');
  const keeping = spec && backends[spec.kind].keeping(spec, kept(entry));
  const taken = await keeping?.takes?.().catch(() => undefined);
  return taken === undefined ? none : { ...none, usedBytes: taken.bytes, limitBytes: taken.most };
}
