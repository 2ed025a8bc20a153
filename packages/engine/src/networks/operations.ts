// The engine's operations on networks.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkDefineResult, NetworkLease, NetworkSummary } from '@ctvirt/api';
import {
  checkNetwork,
  type Finding,
  formatDocument,
  type Network,
  parseDocument,
  placeFindings,
} from '@ctvirt/xml';
import type { Engine, NetworkDefineOptions } from '../contract.js';
import { EngineError } from '../errors.js';
import { overlap } from '../host/address-bytes.js';
import { refuseErrors } from '../lifecycle/document.js';
import { refuseOtherTag } from '../lifecycle/document-tag.js';
import { remarkOf } from '../lifecycle/not-enforced.js';
import type { Registry } from '../registry/registry.js';
import { diskName } from '../state/layout.js';
import { checkUnlike } from '../state/names.js';
import type { HeldLease } from './contract/plan.js';
import { heldBack } from './held-back.js';
import { documentOf, type NetworkEntry, summaryOfNetwork } from './known-networks.js';
import { planOf, type SettledNetwork, subnetsOf } from './plan.js';
import { unkeptOf } from './remarks.js';
import { type NetworkRunner, notActive, type RunnerParts } from './runner.js';
import { settled } from './settle.js';
import { familyOfAddress, isWithin } from './subnets.js';

/** Dependencies of `networkOperations`. */
export interface NetworkParts extends RunnerParts {
  readonly runner: NetworkRunner;
  readonly registry: Registry;
}

type Operations = Engine['networks'];
interface Read {
  readonly network: Network;
  readonly findings: readonly Finding[];
}

/** What the engine answers on networks. */
export function networkOperations(parts: NetworkParts): Operations {
  const { known, runner, events } = parts;
  const summary = (entry: NetworkEntry): NetworkSummary => summaryOf(entry, parts);
  const taken = (ref: string, operation: (entry: NetworkEntry) => Promise<void>): Promise<NetworkSummary> =>
    inTurn(ref, parts, async (entry) => {
      await operation(entry);
      return summary(entry);
    });
  return {
    list: () => known.entries().map(summary),
    get: (ref) => summary(known.find(ref)),
    find: (key) => {
      const entry = known.there(key);
      return entry && summary(entry);
    },
    xml: async (ref, options) => textOf(known.find(ref), options?.inactive === true, parts),
    document: (ref, options) => shownOf(known.find(ref), options?.inactive === true, parts),
    define: (xml, options) => define(read(xml, options), options?.tags, parts),
    create: (xml, options) => create(read(xml, options), parts),
    start: (ref) => taken(ref, (entry) => runner.start(entry)),
    stop: (ref) => taken(ref, (entry) => runner.stop(entry)),
    undefine: async (ref) => await inTurn(ref, parts, (entry) => undefine(entry, parts)),
    setAutostart: (ref, autostart) => taken(ref, (entry) => setAutostart(entry, autostart, parts)),
    amend: (ref, targets, edit) => taken(ref, (entry) => amend(entry, targets, edit, parts)),
    users: (ref) => usersOf(known.find(ref), parts),
    leases: async (ref) => await leasesOf(known.find(ref), parts),
    onEvent: (listener) => events.listen(listener),
    pastEvents: (since) => events.past(since),
  };
}

const summaryOf = (entry: NetworkEntry, { memberships }: NetworkParts): NetworkSummary =>
  summaryOfNetwork(entry, memberships.count(entry.name));

/** Runs one operation of a network when the earlier ones have ended; it may be gone by then. */
async function inTurn<T>(
  ref: string,
  { known, queue }: NetworkParts,
  operation: (entry: NetworkEntry) => Promise<T>,
): Promise<T> {
  const { name, uuid } = known.find(ref);
  return await queue.run(name, async () => await operation(known.find(uuid)));
}

function read(xml: string, { strict = false, permit }: NetworkDefineOptions = {}): Read {
  const { model, findings } = parseDocument('network', xml, { strict });
  refuseErrors(findings, 'the document');
  if (model === undefined) throw new EngineError('invalid', 'the document is no network', { findings });
  diskName(model.name);
  permit?.(model);
  return { network: model, findings: [...findings, ...placeFindings(xml, unkeptOf(model))] };
}

async function define(
  { network, findings }: Read,
  tags: readonly string[] | undefined,
  parts: NetworkParts,
): Promise<NetworkDefineResult> {
  const { known, queue, store, runner } = parts;
  const { name } = network;
  return await queue.run(name, async () => {
    const existing = known.byName(name);
    refuseTaken(network, existing, parts);
    const shown = (isInactive: boolean) => () => existing && textOf(existing, isInactive, parts);
    refuseOtherTag(`network '${name}'`, { stored: shown(true), live: shown(false) }, tags);
    const next = settledFor(network, existing, parts);
    planOf(next);
    const record = { version: 1, name, uuid: next.uuid, autostart: existing?.autostart === true } as const;
    const stored = { record, network: next };
    const entry = existing ?? newEntry(next);
    const before = entry.stored;
    // From here on its bridge is taken.
    entry.stored = next;
    if (existing === undefined) known.add(entry);
    try {
      if (before === undefined) await store.create(stored);
      else await store.update(stored);
    } catch (error) {
      entry.stored = before;
      if (existing === undefined) known.remove(entry);
      throw error;
    }
    entry.pending = false;
    runner.tell('defined', entry);
    return {
      network: summaryOf(entry, parts),
      findings: [...findings, ...sharedSubnets(next, entry, parts)],
    };
  });
}

/** Defined they may both be; only one of them runs at a time. */
function sharedSubnets(network: SettledNetwork, own: NetworkEntry, { known }: NetworkParts): Finding[] {
  const others = known.entries().filter((entry) => entry !== own);
  return subnetsOf(network).flatMap((subnet, index) => {
    const other = others.find((entry) => subnetsOf(documentOf(entry)).some((one) => overlap(one, subnet)));
    if (other === undefined) return [];
    const message = `network '${other.name}' has addresses of ${subnet.address}/${subnet.prefix}, too: only one of them can run`;
    return [remarkOf('conflict', `/network/ip[${index + 1}]`, message)];
  });
}

async function create({ network, findings }: Read, parts: NetworkParts): Promise<NetworkDefineResult> {
  const { known, queue, runner } = parts;
  return await queue.run(network.name, async () => {
    const existing = known.byName(network.name);
    refuseTaken(network, existing, parts);
    if (existing?.live !== undefined)
      throw new EngineError('wrong-state', `network '${network.name}' is already running`);
    if (existing !== undefined && network.uuid === undefined)
      throw new EngineError(
        'exists',
        `network '${network.name}' is already defined with uuid ${existing.uuid}: start it, or give this document another name`,
        { name: network.name },
      );
    const next = settledFor(network, existing, parts);
    // As for libvirt, one that is defined runs once as this document says.
    const entry = existing ?? newEntry(next);
    // From here on its bridge is taken.
    entry.live = { network: next, plan: planOf(next) };
    if (existing === undefined) known.add(entry);
    try {
      await runner.run(entry, next);
    } catch (error) {
      entry.live = undefined;
      if (existing === undefined) known.remove(entry);
      throw error;
    }
    entry.pending = false;
    runner.tell('started', entry);
    return { network: summaryOf(entry, parts), findings };
  });
}

const newEntry = ({ name, uuid }: SettledNetwork): NetworkEntry => ({
  name,
  uuid,
  autostart: false,
  stored: undefined,
  live: undefined,
  pending: true,
});

/** A name has one UUID, and a UUID one name, and none of both is the other of another one. */
function refuseTaken({ name, uuid }: Network, existing: NetworkEntry | undefined, parts: NetworkParts): void {
  if (uuid !== undefined) {
    if (existing !== undefined && existing.uuid !== uuid)
      throw new EngineError('exists', `network '${name}' already exists with uuid ${existing.uuid}`, {
        name,
      });
    const other = parts.known.byUuid(uuid);
    if (other !== undefined && other !== existing)
      throw new EngineError('exists', `network '${other.name}' already exists with uuid ${uuid}`, {
        name: other.name,
      });
  }
  if (existing === undefined) checkUnlike('network', { name, uuid }, parts.known.entries());
}

/** With what it was given before, or is given now, where it says nothing. */
function settledFor(
  network: Network,
  existing: NetworkEntry | undefined,
  { known, links }: NetworkParts,
): SettledNetwork {
  const before = existing?.stored ?? existing?.live?.network;
  const isOthers = (bridge: string): boolean => {
    const holder = known.byBridge(bridge);
    return holder !== undefined && holder !== existing;
  };
  const bridge = network.bridge?.name ?? before?.bridge?.name;
  const filled: Network = {
    ...network,
    ...(bridge !== undefined && { bridge: { ...network.bridge, name: bridge } }),
    ...(network.mac === undefined && before?.mac !== undefined && { mac: before.mac }),
  };
  const next = settled(filled, (name) => isOthers(name) || links.has(name), existing?.uuid);
  const taken = next.bridge?.name;
  if (taken !== undefined && isOthers(taken))
    throw new EngineError(
      'exists',
      `bridge name '${taken}' is already in use by network '${known.byBridge(taken)?.name}'`,
      { link: taken },
    );
  return next;
}

const usersOf = ({ name }: NetworkEntry, { memberships }: NetworkParts): string[] => [
  ...new Set(memberships.running(name).map(({ domainName }) => domainName)),
];

async function undefine(entry: NetworkEntry, parts: NetworkParts): Promise<void> {
  const { known, store, runner, due } = parts;
  const { name } = entry;
  if (entry.stored === undefined)
    throw new EngineError('wrong-state', `network '${name}' is transient: stopping it ends it`);
  const users = usersOf(entry, parts);
  const [first] = users;
  if (first !== undefined)
    throw new EngineError(
      'in-use',
      `domain '${first}'${users.length > 1 ? ` and ${users.length - 1} more run` : ' runs'} on network '${name}': with it their addresses would be free for others`,
      { name, users },
    );
  await store.remove(name);
  await due.done(name);
  entry.last = entry.stored;
  entry.stored = undefined;
  entry.autostart = false;
  if (entry.live === undefined) known.remove(entry);
  runner.tell('undefined', entry);
}

async function setAutostart(entry: NetworkEntry, autostart: boolean, { store }: NetworkParts): Promise<void> {
  const { name, uuid } = entry;
  if (entry.stored === undefined)
    throw new EngineError('wrong-state', `network '${name}' is transient: it is not started by itself`);
  if (entry.autostart === autostart) return;
  await store.writeRecord({ version: 1, name, uuid, autostart });
  entry.autostart = autostart;
}

async function amend(
  entry: NetworkEntry,
  targets: Parameters<Operations['amend']>[1],
  edit: (network: Network) => Network,
  parts: NetworkParts,
): Promise<void> {
  const { runner, store } = parts;
  const { name, uuid, autostart } = entry;
  if (targets.live && entry.live === undefined) throw notActive(name);
  if (targets.stored && entry.stored === undefined)
    throw new EngineError('wrong-state', `network '${name}' is transient: it has no stored document`);
  const edited = (network: SettledNetwork): SettledNetwork => {
    const next = { ...edit(network), name, uuid };
    refuseErrors(checkNetwork(next), 'the changed document');
    return settledFor(next, entry, parts);
  };
  const before = planOf((targets.live ? entry.live?.network : undefined) ?? documentOf(entry));
  const stored = targets.stored && entry.stored !== undefined ? edited(entry.stored) : undefined;
  const commit = async (): Promise<void> => {
    if (stored === undefined) return;
    planOf(stored);
    await store.update({ record: { version: 1, name, uuid, autostart }, network: stored });
    entry.stored = stored;
  };
  if (targets.live && entry.live !== undefined)
    await runner.change(entry, edited(entry.live.network), commit);
  else await commit();
  const after = planOf(targets.live ? documentOf(entry) : (stored ?? documentOf(entry)));
  for (const sentence of heldBack(before, after, parts.memberships.on(name)))
    parts.log('warn', `network '${name}': ${sentence}`);
  runner.tell('changed', entry);
}

const textOf = (entry: NetworkEntry, isInactive: boolean, parts: NetworkParts): string =>
  formatDocument('network', shownOf(entry, isInactive, parts));

/** libvirt's clients are shown how many interfaces are on it. */
function shownOf(entry: NetworkEntry, isInactive: boolean, { memberships }: NetworkParts): SettledNetwork {
  const { name, stored, live } = entry;
  if (live === undefined || (isInactive && stored !== undefined)) return stored ?? documentOf(entry);
  const connections = memberships.count(name);
  return connections === 0 ? live.network : { ...live.network, connections };
}

async function leasesOf(entry: NetworkEntry, parts: NetworkParts): Promise<NetworkLease[]> {
  const { host, memberships, registry } = parts;
  const { live, name } = entry;
  if (live === undefined) throw notActive(name);
  const subnets = subnetsOf(live.network);
  const prefixOf = (address: string): number =>
    subnets.find((subnet) => isWithin(subnet, address))?.prefix ??
    (familyOfAddress(address) === 6 ? 128 : 32);
  const held = live.plan.bridge === undefined ? [] : await host.leases(live.plan);
  const asked = new Map(held.map((lease) => [lease.address, lease]));
  const kept = memberships.running(name).filter(({ isReserved }) => isReserved);
  const keptRows = kept.flatMap(({ mac, names, domain, addresses }) =>
    addresses.map((address): NetworkLease => {
      const lease = asked.get(address);
      asked.delete(address);
      return {
        ...rowOf(address, prefixOf(address), lease),
        mac,
        hostname: names[0] ?? null,
        domain: registry.byUuid(domain)?.record.name ?? null,
        expires: null,
      };
    }),
  );
  const others = [...asked.values()].map(
    (lease): NetworkLease => ({
      ...rowOf(lease.address, prefixOf(lease.address), lease),
      mac: lease.mac ?? null,
      hostname: lease.hostname ?? null,
      domain: null,
      expires: lease.expires === 0 ? null : new Date(1000 * lease.expires).toISOString(),
    }),
  );
  return [...keptRows, ...others];
}

const rowOf = (address: string, prefix: number, lease: HeldLease | undefined) => ({
  family: familyOfAddress(address) === 6 ? ('ipv6' as const) : ('ipv4' as const),
  address,
  prefix,
  clientId: lease?.clientId ?? null,
  iaid: lease?.iaid ?? null,
});
