// What the engine has of this host, whatever its domains are: control groups, walls that all share, user namespaces.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { type CgroupLayout, detectCgroups } from '../cgroups/layout.js';
import type { Subject } from '../drivers/driver.js';
import { KnownFilters } from '../filters/rules/known-filters.js';
import { Confinement } from '../host/apparmor.js';
import { type Facts, readFacts } from '../host/facts.js';
import { Gauges } from '../host/gauges.js';
import { putOnFilter } from '../host/own-filter.js';
import { openFilesLimit } from '../host/own-limits.js';
import { compileOwnFilter } from '../host/seccomp.js';
import { UserNamespacePool } from '../host/userns.js';
import type { EngineLog } from '../log.js';
import { Wall } from '../network/wall.js';
import { diskName, type Layout } from '../state/layout.js';

/** Settings of what stands around all containers. */
export interface WallOptions {
  /** What links may send of which no filter says anything: from their own addresses (`up`), or whatever they like; `up` if absent. */
  readonly linkWalls?: 'up' | 'down';
  /** How many connections each link may have at once where the host tracks them; any number if 0, 16,384 if absent. */
  readonly linkConnections?: number;
}

const COMMON_CONNECTIONS = 16_384;

/** Counters of the kernel's that stay open: some twenty of each domain that runs, and 5 KB of the kernel's memory for each. */
const MOST_GAUGES = 12_288;

/** Objects that stand for this host. */
export interface HostParts {
  readonly layout: Layout;
  readonly log: EngineLog;
  readonly facts: Facts;
  readonly cgroups: CgroupLayout;
  /** Where a running domain's document lies. */
  readonly livePath: (subject: Subject) => string;
  readonly appArmor: Confinement;
  readonly namespaces: UserNamespacePool;
  readonly gauges: Gauges;
  readonly filters: KnownFilters;
  readonly wall: Wall;
  readonly linkWalls: 'up' | 'down';
}

/** Finds out what there is, and puts the walls up that stand around all containers. */
export async function openHost(
  layout: Layout,
  log: EngineLog,
  { linkWalls = 'up', linkConnections: connections = COMMON_CONNECTIONS }: WallOptions = {},
): Promise<HostParts> {
  const facts = readFacts(layout.roots);
  const cgroups = detectCgroups(facts.cgroupVersion);
  const appArmor = new Confinement(`lxc-${layout.cgroup}`, layout.appArmor);
  await appArmor.load(facts, (message) => log('warn', message));
  if (facts.hasSeccomp) putOnFilter(compileOwnFilter());
  else log('warn', 'this kernel filters no system calls: containers run without that wall');
  const filters = new KnownFilters();
  const findFilter = (name: string) => filters.byName(name);
  return {
    layout,
    log,
    facts,
    cgroups,
    livePath: ({ record }) => join(layout.runtime, diskName(record.name), 'live.xml'),
    appArmor,
    namespaces: new UserNamespacePool(),
    gauges: new Gauges(Math.min(MOST_GAUGES, openFilesLimit() / 2)),
    filters,
    linkWalls,
    wall: new Wall({ name: layout.cgroup, log, findFilter, isOpen: linkWalls === 'down', connections }),
  };
}
