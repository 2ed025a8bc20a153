// NETIF, the virtual Ethernet interfaces of a container: as vzctl stores them and as OpenVZ 7 does.
// SPDX-License-Identifier: Apache-2.0
import { familyOf } from '@ctvirt/xml';
import { readAddress } from '../addresses.js';

const macPattern = /^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/i;
const namePattern = /^[^\s/;,="]{1,15}$/;
const idPattern = /^[^\s;,="]{1,255}$/;
const isFamily = (family: 'ipv4' | 'ipv6') => (text: string) => familyOf(text) === family;
const listOf = (text: string, separator: string): string[] =>
  text.split(separator).filter((item) => item !== '');

/** By key, in the order in which the tools store them, whether a value is one. `ip6` is last, as commas part its items. */
const keys = {
  ifname: (text: string) => namePattern.test(text),
  bridge: (text: string) => namePattern.test(text),
  mac: (text: string) => macPattern.test(text),
  host_ifname: (text: string) => namePattern.test(text),
  host_mac: (text: string) => macPattern.test(text),
  network: (text: string) => idPattern.test(text),
  type: (text: string) => text === 'bridge',
  vport: (text: string) => text === 'ovs',
  gw: isFamily('ipv4'),
  gw6: isFamily('ipv6'),
  mac_filter: (text: string) => text === 'on' || text === 'off',
  ip_filter: (text: string) => text === 'on' || text === 'off',
  ifaceid: (text: string) => idPattern.test(text),
  configure: (text: string) => text === 'none' || text === 'all',
  dhcp: (text: string) => text === 'yes' || text === 'no',
  ip: (text: string) => listOf(text, ':').every((item) => readAddress(item)?.family === 'ipv4'),
  dhcp6: (text: string) => text === 'yes' || text === 'no',
  ip6: (text: string) => listOf(text, ',').every((item) => readAddress(item)?.family === 'ipv6'),
} as const;
/** A key within NETIF besides `ifname`, as OpenVZ spells it. */
export type NetifKey = keyof typeof keys;
/** True for keys that some release of OpenVZ is known to have. */
export const isNetifKey = (key: string): key is NetifKey => Object.hasOwn(keys, key);
/** All of them, in the order in which they are written. */
export const netifKeys: readonly NetifKey[] = Object.keys(keys).filter(isNetifKey);

/** One interface of NETIF; names as OpenVZ spells them. */
export type Netif = { readonly ifname: string } & { readonly [K in NetifKey]?: string };

/** An interface as it was read, with pairs of keys that no release is known to have. */
export interface ReadNetif {
  readonly nic: Netif;
  readonly unknown: readonly string[];
  /** Pairs whose value is none of its key's. */
  readonly bad: readonly string[];
}

/** Its pairs; what follows `ip6=` belongs to it. */
function pairsOf(text: string): string[] {
  const [, before = text, last] = /^(.*?,)?(ip6=.*)$/s.exec(text) ?? [];
  if (last === undefined) return listOf(text, ',');
  const addresses = listOf(last.slice('ip6='.length), ',');
  const rest = addresses.findIndex((item) => item.includes('='));
  const own = rest < 0 ? addresses : addresses.slice(0, rest);
  return [
    ...listOf(before === text ? '' : before, ','),
    `ip6=${own.join(',')}`,
    ...(rest < 0 ? [] : addresses.slice(rest)),
  ];
}

/** Reads `ifname=eth0,mac=…;ifname=eth1,…` as the tools do: what they would not take of an interface is told beside it. */
export function readNetif(text: string): {
  readonly found: readonly ReadNetif[];
  readonly bad: readonly string[];
} {
  const found: ReadNetif[] = [];
  const bad: string[] = [];
  for (const part of listOf(text, ';').filter((each) => each.trim() !== '')) {
    const one = readInterface(part.trim());
    if (one === undefined || found.some(({ nic }) => nic.ifname === one.nic.ifname)) bad.push(part.trim());
    else found.push(one);
  }
  return { found, bad };
}

function readInterface(text: string): ReadNetif | undefined {
  const nic: Partial<Record<NetifKey, string>> = {};
  const unknown: string[] = [];
  const bad: string[] = [];
  for (const pair of pairsOf(text)) {
    const at = pair.indexOf('=');
    const [key, value] = [pair.slice(0, Math.max(0, at)), pair.slice(at + 1)];
    if (at < 1 || /\p{Cc}/u.test(pair)) bad.push(pair);
    else if (!isNetifKey(key)) unknown.push(pair);
    else if (value !== '' && !keys[key](value)) bad.push(pair);
    else if (value !== '') nic[key] ??= value;
  }
  const { ifname, ...others } = nic;
  return ifname === undefined ? undefined : { nic: { ifname, ...others }, unknown, bad };
}

/** Reads the same strictly: undefined when an interface has no name, an unknown key or an unreadable part. */
export function parseNetif(text: string): Netif[] | undefined {
  const { found, bad } = readNetif(text);
  const isClear = bad.length === 0 && found.every((one) => one.bad.length === 0 && one.unknown.length === 0);
  return isClear ? found.map(({ nic }) => nic) : undefined;
}

/** Writes interfaces in OpenVZ's own order of keys; pairs of other keys before the last, which takes all that follows. */
export function formatNetif(
  interfaces: readonly (Netif & { readonly others?: readonly string[] })[],
): string {
  return interfaces
    .map((nic) => {
      const pairs = netifKeys.flatMap((key) => (nic[key] === undefined ? [] : [`${key}=${nic[key]}`]));
      const last = nic.ip6 === undefined ? [] : pairs.splice(-1);
      return [...pairs, ...(nic.others ?? []), ...last].join(',');
    })
    .join(';');
}
