// What the engine has of this host, whatever its domains are: control groups, walls that all share, user namespaces.
// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { type CgroupLayout, detectCgroups } from '../cgroups/layout.js';
import { LxcTools } from '../drivers/lxc/tools.js';
import { Confinement } from '../host/apparmor.js';
import { Gauges } from '../host/gauges.js';
import { putOnFilter } from '../host/own-filter.js';
import { openFilesLimit } from '../host/own-limits.js';
import { compileOwnFilter, hasSeccomp } from '../host/seccomp.js';
import { pageSize } from '../host/syscalls.js';
import { UserNamespacePool } from '../host/userns.js';
import type { HostFacts } from '../lifecycle/document.js';
import type { EngineLog } from '../log.js';
import { Wall } from '../network/wall.js';
import type { Layout } from '../state/layout.js';

/** Counters of the kernel's that stay open: some fifteen of each domain that runs, and 5 KB of the kernel's memory for each. */
const MOST_GAUGES = 8192;

export interface HostParts {
  readonly layout: Layout;
  readonly log: EngineLog;
  readonly facts: HostFacts;
  readonly cgroups: CgroupLayout;
  readonly tools: LxcTools;
  readonly appArmor: Confinement;
  readonly namespaces: UserNamespacePool;
  readonly gauges: Gauges;
  readonly wall: Wall;
}

/** Finds out what there is, and puts the walls up that stand around all containers. */
export async function openHost(layout: Layout, log: EngineLog): Promise<HostParts> {
  const cgroups = detectCgroups();
  const appArmor = new Confinement(`lxc-${layout.cgroup}`, layout.appArmor);
  await appArmor.load((message) => log('warn', message));
  if (hasSeccomp) putOnFilter(compileOwnFilter());
  else log('warn', 'this kernel filters no system calls: containers run without that wall');
  return {
    layout,
    log,
    facts: { pageSize, hostCpus: availableParallelism() },
    cgroups,
    tools: new LxcTools(layout, cgroups),
    appArmor,
    namespaces: new UserNamespacePool(),
    gauges: new Gauges(Math.min(MOST_GAUGES, openFilesLimit() / 2)),
    wall: new Wall({ name: layout.cgroup, log }),
  };
}
