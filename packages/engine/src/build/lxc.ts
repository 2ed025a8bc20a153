// The floor that runs domains as containers of liblxc, and what it has for all of them.
// SPDX-License-Identifier: Apache-2.0
import { resourcesOf } from '@ctvirt/formats';
import { ProcessCeiling } from '../cgroups/processes.js';
import type { Floor, Looks } from '../drivers/floor.js';
import { Accounting } from '../drivers/lxc/accounting/accounting.js';
import { LxcDriver } from '../drivers/lxc/driver.js';
import { hostNetwork } from '../drivers/lxc/ended-links.js';
import { LinkMeter } from '../drivers/lxc/link-meter.js';
import { lxcRun } from '../drivers/lxc/run.js';
import { Survival } from '../drivers/lxc/survival.js';
import { LxcTools } from '../drivers/lxc/tools.js';
import { uncoverAll } from '../drivers/lxc/uncover.js';
import { Lxcfs } from '../guest/lxcfs.js';
import { linksOf } from '../lifecycle/links.js';
import { LentLinks } from '../network/lent-links.js';
import type { LinkPlan } from '../network/link-plan.js';
import { hostLinks } from '../network/live-links.js';
import { LinuxNetworks } from '../networks/linux/linux-networks.js';
import { Placement } from '../placement/placement.js';
import type { Entry } from '../registry/registry.js';
import { diskName } from '../state/layout.js';
import type { HostParts } from './host.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';

type Below = HostParts & StateParts & RuleParts;

/** Objects that watch its runs. */
interface LxcParts {
  readonly lent: LentLinks;
  readonly tools: LxcTools;
  readonly lxcfs: Lxcfs;
  readonly placement: Placement;
  /** The limit of processes that all containers have together. */
  readonly ceiling: ProcessCeiling;
}

/** Builds the driver, and what watches its runs. */
export function makeLxc(below: Below): Floor<Entry> {
  const { layout, log, cgroups, registry, events, wall, traffic } = below;
  const tools = new LxcTools(layout, cgroups);
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
  const networks = new LinuxNetworks({ name: layout.cgroup, folder: layout.networkRuntime, log });
  const lent = new LentLinks({
    folder: layout.lentLinks,
    host: hostNetwork().replace(' ', '@'),
    nameOf: (uuid) => [...registry.entries()].find(({ record }) => record.uuid === uuid)?.record.name,
    running: () =>
      [...registry.entries()].flatMap(({ record: { name }, running }) =>
        running === undefined ? [] : [{ name, initPid: lxcRun(running).initPid }],
      ),
    forwardsBy: (link) => networks.forwardsBy(link),
    log,
  });
  const parts = { ...below, tools, lxcfs, placement, ceiling, lent };
  const meter = makeMeter(parts);
  const driver = makeDriver({ ...parts, meter });
  const accounting = makeAccounting(parts);
  const survival = makeSurvival(parts);
  const links = new WeakMap<Entry, readonly LinkPlan[]>();
  return {
    driver,
    accounting,
    looks: looksWith({ meter, accounting, tools }),
    networks,
    links: { ...hostLinks, cardAt: (place) => lent.cardAt(place) },
    version: () => tools.version(),
    know: (entry, domain) => {
      const resources = resourcesOf(domain, below.facts);
      placement.know(entry, resources);
      ceiling.know(entry.record.name, resources);
      links.set(entry, linksOf(domain, entry.record));
    },
    open: async (running) => {
      const guarded = running.map((entry) => [entry.record.uuid, links.get(entry) ?? []] as const);
      await wall.open(new Map(guarded), registry.addresses());
      registry.tellAddresses((uuid, addresses) => wall.reserve(uuid, addresses));
      placement.even();
      lxcfs.open();
      accounting.open();
      survival.open();
      await meter.open();
      traffic.readBy(() => meter.lookAtAll());
      events.listen(({ event }, entry) => {
        if (event === 'stopped') accounting.ended(entry);
        if (event === 'stopped') void meter.ended(entry);
        if (event === 'started') void meter.began(entry);
      });
    },
    close: async ({ isUsed }) => {
      await driver.close({ isUsed });
      lent.close();
      await lxcfs.close({ isUsed });
      await wall.close();
      accounting.close();
      survival.close();
      meter.close();
    },
  };
}

function makeDriver(parts: Below & LxcParts & { readonly meter: LinkMeter }): LxcDriver {
  const { blockIo, kept, quotas, lxcfs, ids, meter } = parts;
  return new LxcDriver({
    ...parts,
    has: (limit) => blockIo.has(limit),
    disks: (subject, filesystems) => blockIo.ioDisks(filesystems, () => kept(subject)),
    diskLimits: quotas,
    shown: () => lxcfs.shown(),
    linksChange: (subject, { before, after }) => meter.changing(subject, before, after),
    linksChanged: (subject) => void meter.began(subject),
    everLeased: (start) => ids.everLeased(start),
    served: () => lxcfs.assets(),
  });
}

const looksWith = ({
  meter,
  accounting,
  tools,
}: Pick<LxcParts, 'tools'> & {
  readonly meter: LinkMeter;
  readonly accounting: Accounting<Entry>;
}): Looks<Entry> => ({
  begin: () => meter.lookAtAll(),
  look: (entry, host) => {
    const look = accounting.look(entry, host);
    return look && { ...look, links: meter.counters(entry) };
  },
  group: ({ record }) => `/${tools.group(diskName(record.name))}`,
  known: (entry) => accounting.known(entry),
});

function makeAccounting(parts: Below & LxcParts): Accounting<Entry> {
  const { documents, registry, live, events } = parts;
  return new Accounting<Entry>({
    ...parts,
    entries: () => registry.entries(),
    document: live,
    known: (entry) => documents.known(entry),
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

const makeMeter = ({ layout, log, registry, live, traffic }: Below): LinkMeter =>
  new LinkMeter({
    endedFolder: layout.endedLinks,
    log,
    live,
    entries: () => registry.entries(),
    book: (readings, there) => traffic.book(readings, there),
    saveSoon: (saved) => traffic.saveSoon(saved),
  });
