// What a daemon does before anybody asks it for anything, and when it ends.
// SPDX-License-Identifier: Apache-2.0
import { resourcesOf } from '@ctvirt/formats';
import { addressesOf, filesystemsOf, linksOf, shownOf, writableSources } from '../lifecycle/document.js';
import { readStored } from '../lifecycle/stored-document.js';
import type { LinkPlan } from '../network/link-plan.js';
import type { Entry } from '../registry/registry.js';
import type { Parts } from './domains.js';

/** Finds out what runs, takes its part of the host for it again, and looks after it from now on. */
export async function recover(parts: Parts): Promise<void> {
  const { lifecycle, wall, registry, placement, lxcfs, namespaces, assets } = parts;
  await knowWritable(parts);
  await lifecycle.recover();
  await wall.open(await knowRunning(parts), registry.addresses());
  registry.tellAddresses((uuid, addresses) => wall.reserve(uuid, addresses));
  placement.even();
  lxcfs.open();
  namespaces.refill();
  await assets.claimIds();
  openWatches(parts);
}

/** Of records of older versions, which do not say which folders of the host a domain writes to. */
async function knowWritable({ registry, store, log }: Parts): Promise<void> {
  for (const entry of registry.entries()) {
    const { record } = entry;
    if (record.writable !== undefined) continue;
    try {
      const domain = readStored(await store.readXml(record.name), record.name);
      entry.record = { ...record, writable: writableSources(filesystemsOf(domain)) };
    } catch (error) {
      log('warn', `domain '${record.name}': which folders it writes to cannot be told: ${String(error)}`);
    }
  }
}

/** Answers the links of those that run, by UUID. */
async function knowRunning(parts: Parts): Promise<Map<string, readonly LinkPlan[]>> {
  const { registry, log } = parts;
  const guarded = new Map<string, readonly LinkPlan[]>();
  for (const entry of registry.entries()) {
    if (entry.running === undefined) continue;
    try {
      const links = await know(entry, parts);
      if (links !== undefined) guarded.set(entry.record.uuid, links);
    } catch (error) {
      log(
        'warn',
        `domain '${entry.record.name}': its addresses are not kept from others, nor its links to them: ${String(error)}`,
      );
    }
  }
  return guarded;
}

/** Its place, its processes and its addresses are its own; undefined if it has ended meanwhile. */
async function know(
  entry: Entry,
  { live, placement, ceiling, registry, facts }: Parts,
): Promise<readonly LinkPlan[] | undefined> {
  const domain = await live(entry);
  if (entry.running === undefined) return undefined;
  placement.know(entry, resourcesOf(domain, facts));
  ceiling.know(entry.record.name, resourcesOf(domain, facts));
  registry.hold(entry, addressesOf(domain));
  entry.shown = shownOf(domain);
  return linksOf(domain, entry.record);
}

function openWatches({ accounting, survival, quotas, events }: Parts): void {
  accounting.open();
  survival.open();
  quotas.open();
  events.listen(({ event }, entry) => {
    if (event === 'started') quotas.lookLater(entry);
    if (event === 'stopped') accounting.ended(entry);
  });
}

/** Stops watching; containers go on. */
export async function close(parts: Parts): Promise<void> {
  const { queue, lifecycle, registry, driver, lxcfs, wall, appArmor, namespaces } = parts;
  const { gauges, accounting, survival, quotas } = parts;
  await queue.idle();
  lifecycle.close();
  const isUsed = [...registry.entries()].some(({ running }) => running !== undefined);
  driver.close({ isUsed });
  await lxcfs.close({ isUsed });
  await wall.close();
  if (!isUsed) appArmor.unload();
  namespaces.close();
  gauges.close();
  accounting.close();
  survival.close();
  quotas.close();
}
