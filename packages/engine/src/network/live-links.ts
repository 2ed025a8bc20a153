// Links that come to a running container and go from it, made as liblxc makes those of its start.
// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Domain, Interface } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { addressBytes } from '../host/address-bytes.js';
import { linkAddresses } from '../host/addresses.js';
import { hasLink, linkNames } from '../host/links.js';
import { listeners } from '../host/listeners.js';
import { isOwnAddress } from '../host/routes.js';
import { run } from '../host/run.js';
import { Undo } from '../host/undo.js';
import { leaveWithoutAddresses } from './bridge-port.js';
import { type LinkPlan, settledAddresses } from './link-plan.js';
import { plugIn, tagPort } from './port-tags.js';
import { openRoutedLink, routeToLink } from './routed-link.js';
import { routeWords } from './routes.js';
import { isShaped, shapeLink } from './shaping.js';

const ip = (...args: readonly string[]) => run(['/sbin/ip', ...args]);
const ipInside = (pid: number, ...args: readonly string[]) =>
  run(['/usr/bin/nsenter', `--net=/proc/${pid}/ns/net`, '--', '/sbin/ip', ...args]);

/**
 * Interfaces with the names and hardware addresses their links have, so that they keep them whatever comes before them in the document,
 * and clients find them by what they see.
 */
export function withLinkNames(interfaces: readonly Interface[], links: readonly LinkPlan[]): Interface[] {
  return interfaces.map((link, index) => {
    const { name, hostName, mac } = links[index] ?? {};
    return {
      ...link,
      ...(mac !== undefined && mac !== '' && link.mac === undefined && { mac: { address: mac } }),
      ...(name === undefined ? {} : { guest: { ...link.guest, dev: name } }),
      ...(hostName === undefined ? {} : { target: { ...link.target, dev: hostName } }),
    };
  });
}

/** Places in the old list and in the new one. */
export interface LinkChanges {
  readonly gone: readonly number[];
  readonly come: readonly number[];
  /** Links that stay. */
  readonly kept: readonly { readonly from: number; readonly to: number }[];
  /** Of these, those at other rates. */
  readonly reshaped: readonly { readonly from: number; readonly to: number }[];
  /** And those in other VLANs. */
  readonly retagged: readonly { readonly from: number; readonly to: number }[];
}

/**
 * What a live change does to the links: places in the old list that go and in the new one that come.
 * Throws `unsupported` for other devices: those stay what they are until the next start.
 */
export function changedLinks(before: Domain, after: Domain): LinkChanges {
  const { interfaces: old = [] } = before.devices;
  const { interfaces: next = [] } = after.devices;
  if (!isDeepStrictEqual(fixedDevices(before), fixedDevices(after)))
    throw new EngineError(
      'unsupported',
      'of a running container only interfaces, folders of the host, device files and disk limits can change: change its stored configuration (--config) and start it again',
    );
  const missing = (from: readonly Interface[], list: readonly Interface[]): number[] =>
    from.flatMap((link, at) => (list.some((other) => isSameLink(link, other)) ? [] : [at]));
  const kept = old.flatMap((link, from) => {
    const to = next.findIndex((other) => isSameLink(link, other));
    return to < 0 ? [] : [{ from, to }];
  });
  const changed = (part: 'bandwidth' | 'vlan') =>
    kept.filter(({ from, to }) => !isDeepStrictEqual(old[from]?.[part], next[to]?.[part]));
  return {
    ...{ gone: missing(old, next), come: missing(next, old), kept },
    ...{ reshaped: changed('bandwidth'), retagged: changed('vlan') },
  };
}

/** All but links, folders of the host, device files and disk limits, which have changes of their own. */
function fixedDevices({
  devices: { interfaces: _links, filesystems, hostdevs, ...others },
}: Domain): unknown {
  const fixed = (filesystems ?? [])
    .filter(({ type, target }) => type !== 'mount' || target?.dir === '/')
    .map(({ spaceHardLimitBytes: _hard, spaceSoftLimitBytes: _soft, quotas: _quotas, ...rest }) => rest);
  const isFixed = ({ type }: { readonly type: string }): boolean => type !== 'net' && type !== 'misc';
  return { ...others, filesystems: fixed, hostdevs: hostdevs?.filter(isFixed) ?? [] };
}

/** A link stays the same while its rates change, its state, its VLANs, what it may send, and ports of the host that lead to it. */
const isSameLink = (a: Interface, b: Interface): boolean => isDeepStrictEqual(bareLink(a), bareLink(b));
const bareLink = (link: Interface) => ({
  ...link,
  // One without an end on the host comes anew.
  link: hasHostEnd(link) ? undefined : link.link,
  bandwidth: undefined,
  filterref: undefined,
  port: undefined,
  portForwards: undefined,
  vlan: undefined,
});

const hasHostEnd = (link: Interface): boolean =>
  link.type !== 'direct' &&
  link.type !== 'hostdev' &&
  (link.type !== 'network' || link.source.dev === undefined);

/** Makes a link; what was made of it goes again if something fails. */
export async function addLink(link: LinkPlan, pid: number): Promise<void> {
  await using undo = new Undo();
  if (link.kind === 'macvlan') await addMacvlan(link, pid, undo);
  else await addPair(link, pid, undo);
  await putInside(link, settledAddresses(link), pid);
  undo.keep();
}

/** Addresses and ways of a link that is inside. */
export async function putInside(
  link: Pick<LinkPlan, 'name' | 'addresses' | 'gateways' | 'routes' | 'up'>,
  settled: LinkPlan['addresses'],
  pid: number,
): Promise<void> {
  const inside = (...args: readonly string[]) => ipInside(pid, ...args);
  for (const one of link.addresses) {
    const { address, prefix, family } = one;
    const broadcast = family === 4 && prefix <= 30 ? ['broadcast', '+'] : [];
    const flags = settled.includes(one) ? ['nodad'] : [];
    await inside('address', 'add', `${address}/${prefix}`, ...broadcast, 'dev', link.name, ...flags);
  }
  if (link.up) await inside('link', 'set', 'dev', link.name, 'up');
  await addWays(link, inside);
}

async function addWays(
  { name, gateways, routes = [] }: Pick<LinkPlan, 'name' | 'gateways' | 'routes'>,
  inside: (...args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  for (const { address, family } of gateways) {
    const via = address === 'dev' ? [] : ['via', address];
    await inside(`-${family}`, 'route', 'add', 'default', ...via, 'dev', name);
  }
  for (const route of routes) await inside(...routeWords(route, name));
}

async function addPair(link: LinkPlan, pid: number, undo: Undo): Promise<void> {
  const { name, hostName, mac, mtu, parent, tags } = link;
  if (hostName === undefined) throw new EngineError('internal', `the link ${name} has no name on the host`);
  const size = mtu === undefined ? [] : ['mtu', String(mtu)];
  const peer = ['peer', 'name', name, 'address', mac, ...size, 'netns', String(pid)];
  // A bridge takes the lowest address of its ports: this one, as liblxc's, is never that.
  const ends = ['name', hostName, 'address', `fe${mac.slice(2)}`, ...size, 'type', 'veth', ...peer];
  await ip('link', 'add', ...ends).catch((error: unknown) => {
    throw hasLink(hostName) || !String(error).includes('File exists') ? error : nameTaken(name);
  });
  undo.push(async () => void (await ip('link', 'delete', 'dev', hostName)));
  if (parent !== undefined) await plugIn(parent, { name: hostName, tags });
  leaveWithoutAddresses(link);
  await openRoutedLink(link);
  if (isShaped(link)) await shapeLink(link);
  await switchHostEnd(link);
}

/** Plugs in one that liblxc made. */
export const plugLink = ({ hostName, parent, tags }: LinkPlan): Promise<void> =>
  onBridge(hostName, parent, (name, bridge) => plugIn(bridge, { name, tags }));

/** Gives one that is there other VLANs. */
export const retagLink = ({ kind, hostName, parent, tags }: LinkPlan): Promise<void> =>
  onBridge(kind === 'bridge' ? hostName : undefined, parent, (name, bridge) =>
    tagPort(bridge, { name, tags }),
  );

/** A bridge that is no more has no VLANs. */
async function onBridge(
  name: string | undefined,
  bridge: string | undefined,
  act: (name: string, bridge: string) => Promise<void>,
): Promise<void> {
  if (name !== undefined && bridge !== undefined && hasLink(bridge)) await act(name, bridge);
}

/** What is down on the host the container cannot put up. */
export async function switchHostEnd(link: LinkPlan): Promise<void> {
  const { hostName, up } = link;
  if (hostName === undefined) return;
  await ip('link', 'set', 'dev', hostName, up ? 'up' : 'down');
  // Ways over a link go when it goes down.
  if (up) await routeToLink(link);
}

/** Puts a link that is there up or down. One that began down was never up inside, and has no ways there. */
export async function switchLink(link: LinkPlan, pid: number): Promise<void> {
  await switchHostEnd(link);
  if (!link.up) return;
  const inside = (await linkAddresses(pid)).find(({ mac }) => mac === link.mac);
  if (inside === undefined) return; // the container's own doing
  await ipInside(pid, 'link', 'set', 'dev', inside.name, 'up');
  // What is there already, or leads nowhere since the container has taken an address away, is its own doing, too.
  await addWays({ ...link, name: inside.name }, async (...words) => {
    await ipInside(pid, ...words).catch(() => undefined);
  });
}

/** Which it may have made itself. */
export const nameTaken = (name: string): EngineError =>
  new EngineError(
    'exists',
    `the container has a link named ${name} already: give this one another name, by <guest dev='...'/>`,
    { link: name },
  );

async function addMacvlan(link: LinkPlan, pid: number, undo: Undo): Promise<void> {
  const { name, mac, mtu, parent = '', macvlanMode } = link;
  // On the host only for a moment, under a name nobody else uses.
  const passing = `cvm${pid}`;
  const size = mtu === undefined ? [] : ['mtu', String(mtu)];
  const mode = macvlanMode === undefined ? [] : ['mode', macvlanMode];
  await ip(
    'link',
    'add',
    'link',
    parent,
    'name',
    passing,
    'address',
    mac,
    ...size,
    'type',
    'macvlan',
    ...mode,
  );
  let isInside = false;
  undo.push(async () => {
    if (isInside) await ipInside(pid, 'link', 'delete', 'dev', name);
    else await ip('link', 'delete', passing);
  });
  await ip('link', 'set', passing, 'netns', String(pid), 'name', name).catch((error: unknown) => {
    throw String(error).includes('File exists') ? nameTaken(name) : error;
  });
  isInside = true;
}

/** The host's links, for networks that come and go beneath them. */
export const hostLinks = {
  has: hasLink,
  hasAddress: (address: string): boolean => isOwnAddress(addressBytes(address)),
  listeners,
  /** What is gone has nothing to be plugged in. */
  async plug(bridge: string, names: readonly string[]): Promise<void> {
    for (const name of names)
      await ip('link', 'set', 'dev', name, 'master', bridge).catch((error: unknown) => {
        if (hasLink(name)) throw error;
      });
  },
};

/**
 * Takes away the host's ends, named by us, that are still there after the end of a container. liblxc does so with the links it
 * made; of those that came later the kernel would, in its own time, and the next start would find their names taken.
 */
export async function removeLeftLinks(prefix: string): Promise<void> {
  const isLeft = (name: string): boolean => name.startsWith(`${prefix}.`);
  // Gone by itself meanwhile is as good.
  for (const name of linkNames().filter(isLeft))
    await ip('link', 'delete', 'dev', name).catch((error: unknown) => {
      if (hasLink(name)) throw error;
    });
}

/**
 * Takes a link away. By its end on the host: what it is called inside is the container's to say, and so is which link has that
 * name. When this resolves there is no such end any more, and what guarded it may go.
 */
export async function removeLink(link: LinkPlan, pid: number): Promise<void> {
  const { hostName } = link;
  if (hostName === undefined) return await removeMacvlan(link, pid);
  // A container that has deleted its own end has deleted this one.
  await ip('link', 'delete', 'dev', hostName).catch((error: unknown) => {
    if (hasLink(hostName)) throw error;
  });
}

/** It has no end on the host: every macvlan of this address or name goes, and none is left. */
async function removeMacvlan({ name, mac }: LinkPlan, pid: number): Promise<void> {
  const found = (await linkAddresses(pid)).filter(
    (link) => link.kind === 'macvlan' && (link.name === name || link.mac === mac),
  );
  if (found.length === 0)
    throw new EngineError(
      'wrong-state',
      `the container has no link ${name} with address ${mac} any more: it has changed both, or deleted it; it goes with the container's end`,
    );
  for (const link of found) await ipInside(pid, 'link', 'delete', 'dev', link.name);
}

/** Whether a link is there, whatever the container calls it. */
export async function isLinkThere({ hostName, name, mac }: LinkPlan, pid: number): Promise<boolean> {
  if (hostName !== undefined) return hasLink(hostName);
  return (await linkAddresses(pid)).some(
    (link) => link.kind === 'macvlan' && (link.name === name || link.mac === mac),
  );
}
