// The floor that runs domains as containers of liblxc, and what it has for all of them.
// SPDX-License-Identifier: Apache-2.0
import { ProcessCeiling } from '../cgroups/processes.js';
import { Accounting } from '../drivers/lxc/accounting/accounting.js';
import { sampleOf } from '../drivers/lxc/accounting/sample.js';
import { LxcDriver } from '../drivers/lxc/driver.js';
import { Survival } from '../drivers/lxc/survival.js';
import { uncoverAll } from '../drivers/lxc/uncover.js';
import { Lxcfs } from '../guest/lxcfs.js';
import { Placement } from '../placement/placement.js';
import type { Entry } from '../registry/registry.js';
import { diskName } from '../state/layout.js';
import type { HostParts } from './host.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';

type Below = HostParts & StateParts & RuleParts;

/** The driver, and objects that watch its runs. */
export interface LxcParts {
  readonly driver: LxcDriver;
  readonly lxcfs: Lxcfs;
  readonly placement: Placement;
  /** The limit of processes that all containers have together. */
  readonly ceiling: ProcessCeiling;
  readonly accounting: Accounting<Entry>;
  readonly survival: Survival;
}

/** Builds the driver, and what watches its runs. */
export function makeLxc(parts: Below): LxcParts {
  const { layout, log, cgroups, tools, registry } = parts;
  const lxcfs = new Lxcfs({
    folder: layout.lxcfs,
    mounts: layout.mounts,
    log,
    uncover: (devices) => uncoverAll(registry.entries(), devices, log),
  });
  const placement = new Placement({
    cgroups,
    parent: layout.cgroup,
    group: ({ record }) => tools.group(diskName(record.name)),
    log,
  });
  const ceiling = new ProcessCeiling(cgroups, layout.cgroup);
  const driver = makeDriver({ ...parts, lxcfs, placement, ceiling });
  return {
    driver,
    lxcfs,
    placement,
    ceiling,
    accounting: makeAccounting(parts),
    survival: makeSurvival(parts),
  };
}

function makeDriver(parts: Below & Pick<LxcParts, 'lxcfs' | 'placement' | 'ceiling'>): LxcDriver {
  const { blockIo, kept, quotas, lxcfs, ids, stored } = parts;
  return new LxcDriver({
    ...parts,
    has: (limit) => blockIo.has(limit),
    disks: (subject, filesystems) => blockIo.ioDisks(filesystems, kept(subject)),
    diskLimits: quotas,
    shown: () => lxcfs.shown(),
    leased: (start, count) => ids.overlaps(start, count),
    everLeased: (start) => ids.everLeased(start),
    served: () => lxcfs.assets(),
    stored: async (subject) => (await stored(subject)).domain,
  });
}

function makeAccounting(parts: Below): Accounting<Entry> {
  const { cgroups, registry, live, guarantees, events } = parts;
  return new Accounting<Entry>({
    ...parts,
    entries: () => registry.entries(),
    document: live,
    sampled: (run, readings) => guarantees.sample(run, (host) => sampleOf(cgroups.version, readings, host)),
    emit: (entry, beancounter) => events.refused(entry, beancounter),
  });
}

function makeSurvival({ cgroups, log, guarantees }: Below): Survival {
  return new Survival({
    cgroups,
    log,
    running: async () =>
      (await guarantees.claims()).flatMap(({ entry, claim: { survivalBytes } }) =>
        entry.running === undefined ? [] : [{ run: entry.running, survivalBytes }],
      ),
  });
}
