// What a daemon does before anybody asks it for anything, and when it ends.
// SPDX-License-Identifier: Apache-2.0
import { clearCopies, finishReverts, startReverted } from '../domains/snapshot-recovery.js';
import { filesystemsOf, heldOf, shownOf, shownOfRun, writableSources } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { Entry } from '../registry/registry.js';
import type { Parts } from './domains.js';
import { resumeNetworks } from './networks.js';

/** Finds out what runs, takes its part of the host for it again, and looks after it from now on. */
export async function recover(parts: Parts): Promise<void> {
  const { lifecycle, floor, namespaces, assets, arrivals, departures } = parts;
  await complete(parts);
  departures.know();
  arrivals.recover();
  // Before domains are: what has ended may be started again at once.
  await resumeNetworks(parts);
  await clearCopies(parts);
  await lifecycle.recover();
  await finishReverts(parts);
  await floor.open(await knowRunning(parts));
  namespaces.refill();
  await assets.claimIds();
  openWatches(parts);
  await arrivals.resume();
  await departures.resume();
  await startReverted(parts);
}

/** Of records of older versions, which do not say which folders of the host a domain writes to, or which ids its own map names. */
export async function complete({
  registry,
  store,
  log,
}: Pick<Parts, 'registry' | 'store' | 'log'>): Promise<void> {
  for (const entry of registry.entries()) {
    const { record } = entry;
    if (record.writable !== undefined && (record.ids !== null || record.mapped !== undefined)) continue;
    try {
      const domain = readStored(await store.readXml(record.name), record.name);
      const { mapped } = shownOf(domain);
      entry.record = {
        ...record,
        writable: record.writable ?? writableSources(filesystemsOf(domain)),
        ...(mapped !== undefined && { mapped }),
      };
    } catch (error) {
      log(
        'warn',
        `domain '${record.name}': which folders and ids of the host it has cannot be told: ${String(error)}`,
      );
    }
  }
}

type Known = Pick<Parts, 'registry' | 'log' | 'live' | 'networkLinks'> & {
  readonly floor: Pick<Parts['floor'], 'know'>;
};

/** Returns those whose addresses are their own. */
export async function knowRunning(parts: Known): Promise<Entry[]> {
  const { registry, log } = parts;
  const running: Entry[] = [];
  for (const entry of registry.entries()) {
    if (entry.running === undefined) continue;
    try {
      if (await know(entry, parts)) running.push(entry);
    } catch (error) {
      log(
        'warn',
        `domain '${entry.record.name}': its addresses are not kept from others, nor its links to them: ${String(error)}`,
      );
    }
  }
  return running;
}

/** Its place, its processes and its addresses are its own; false if it has ended meanwhile. */
async function know(entry: Entry, { live, floor, registry, networkLinks }: Known): Promise<boolean> {
  const domain = await live(entry);
  if (entry.running === undefined) return false;
  floor.know(entry, domain);
  registry.hold(entry, heldOf(domain));
  entry.shown = shownOfRun(domain, entry.record);
  await networkLinks.tell(entry, domain);
  return true;
}

function openWatches({ quotas, events, sweep }: Parts): void {
  quotas.open();
  sweep.open();
  events.listen(({ event }, entry) => {
    if (event === 'started') quotas.lookLater(entry);
  });
}

/** Stops watching; containers go on. */
export async function close(parts: Parts): Promise<void> {
  const { jobs, queue, networkQueue, filterQueue, lifecycle, registry, floor, departures } = parts;
  const { appArmor, namespaces, gauges, quotas, traffic, graves, sweep, keeper, lives } = parts;
  sweep.close();
  departures.close();
  await jobs.close();
  await queue.idle();
  await networkQueue.idle();
  await filterQueue.idle();
  await graves.close();
  lifecycle.close();
  const isUsed = [...registry.entries()].some(({ running }) => running !== undefined);
  floor.networks.close();
  await floor.close({ isUsed });
  await traffic.close();
  await keeper.close();
  await lives.close();
  if (!isUsed) appArmor.unload();
  namespaces.close();
  gauges.close();
  quotas.close();
}
