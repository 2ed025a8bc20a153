// NETIF both ways: an interface for each, with what no element holds beside it by its name in the container.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, type Interface, type Ip, nameInside } from '@ctvirt/xml';
import { everywhere, maskOf, readAddress } from '../../addresses.js';
import { withAnother } from '../../beancounters.js';
import { withInterfaces } from '../../edit.js';
import { approximated, carried, ignored } from '../../outcome.js';
import {
  formatNetif,
  isNetifKey,
  type Netif,
  type NetifKey,
  netifKeys,
  parseNetif,
  type ReadNetif,
  readNetif,
} from '../netif.js';
import type { TwoWay } from '../parameter.js';

/** Keys that a document has an element for. */
const held = new Set(['ifname', 'bridge', 'network', 'mac', 'host_ifname', 'gw', 'gw6', 'ip', 'ip6']);
const keptPrefix = 'openvz.netif.';
/** Beside an interface whose addresses stand in NETIF: others that are routed stand in IP_ADDRESS. */
const hasAddresses = 'ip';

const keptOf = (domain: Domain, name: string): readonly string[] | undefined =>
  domain.beancounters?.find((one) => one.name === keptPrefix + name)?.value?.split(',');

function addressesOf({ ip, ip6 }: Netif): Ip[] {
  const items = [...(ip?.split(':') ?? []), ...(ip6?.split(',') ?? [])];
  return items.flatMap((item) => readAddress(item) ?? []);
}

function interfaceOf(nic: Netif): Interface {
  const { ifname, bridge, network, mac, host_ifname, gw, gw6 } = nic;
  const ips = addressesOf(nic);
  const routes = [gw, gw6].flatMap((gateway, index) => {
    const family = index === 0 ? ('ipv4' as const) : ('ipv6' as const);
    return gateway === undefined ? [] : [{ family, address: everywhere(family), gateway }];
  });
  const ends = {
    ...(mac === undefined ? {} : { mac: { address: padded(mac) } }),
    ...(ips.length === 0 ? {} : { ips }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(host_ifname === undefined ? {} : { target: { dev: host_ifname } }),
    guest: { dev: ifname },
  };
  if (bridge !== undefined) return { type: 'bridge', source: { bridge }, ...ends };
  return network === undefined
    ? { type: 'ethernet', ...ends }
    : { type: 'network', source: { network }, ...ends };
}

const padded = (mac: string): string =>
  mac
    .toLowerCase()
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');

function withKept(domain: Domain, { nic, unknown }: ReadNetif, one: Interface): Domain {
  const known = netifKeys.flatMap((key) =>
    held.has(key) || nic[key] === undefined ? [] : [`${key}=${nic[key]}`],
  );
  const isRouted = one.type === 'ethernet' && one.ips !== undefined;
  return withAnother(
    domain,
    keptPrefix + nic.ifname,
    [...(isRouted ? [hasAddresses] : []), ...known, ...unknown].join(','),
  );
}

/** Whether the addresses of an interface are its own in NETIF, not the container's in IP_ADDRESS. */
export const isOfNetif = (domain: Domain, one: Interface): boolean =>
  one.guest?.dev !== undefined && keptOf(domain, one.guest.dev)?.includes(hasAddresses) === true;

function netifOf(domain: Domain, one: Interface, index: number): (Netif & { others: string[] }) | undefined {
  const isPair =
    one.type === 'bridge' ||
    one.type === 'network' ||
    (one.type === 'ethernet' && (one.ips === undefined || isOfNetif(domain, one)));
  if (!isPair) return undefined;
  const ifname = nameInside(one, index);
  const ips = one.ips ?? [];
  const listed = (family: 'ipv4' | 'ipv6'): string[] =>
    ips.flatMap((ip) => (ip.family === family ? [writeAddress(ip)] : []));
  const [ip, ip6] = [listed('ipv4').join(':'), listed('ipv6').join(',')];
  const gateway = (family: 'ipv4' | 'ipv6') =>
    one.routes?.find((route) => route.family === family && route.address === everywhere(family))?.gateway;
  const [gw, gw6] = [gateway('ipv4'), gateway('ipv6')];
  return {
    ifname,
    ...(one.type === 'bridge' ? { bridge: one.source.bridge } : {}),
    ...(one.type === 'network' ? { network: one.source.network } : {}),
    ...(one.mac === undefined ? {} : { mac: one.mac.address.toUpperCase() }),
    ...(one.target?.dev === undefined ? {} : { host_ifname: one.target.dev }),
    ...(gw === undefined ? {} : { gw }),
    ...(gw6 === undefined ? {} : { gw6 }),
    ...(ip === '' ? {} : { ip }),
    ...(ip6 === '' ? {} : { ip6 }),
    ...fromKept(keptOf(domain, ifname) ?? []),
  };
}

const writeAddress = ({ address, family, prefix }: Ip): string => {
  if (prefix === undefined) return address;
  return `${address}/${family === 'ipv4' ? maskOf(prefix) : prefix}`;
};

/** What was kept: keys of OpenVZ each in its place, all others as they were. */
function fromKept(pairs: readonly string[]): Partial<Netif> & { others: string[] } {
  const known: { [K in NetifKey]?: string } = {};
  const others: string[] = [];
  for (const pair of pairs) {
    const [key = '', value] = pair.split(/=(.*)/s);
    if (value === undefined) continue;
    if (isNetifKey(key) && !held.has(key)) known[key] = value;
    else others.push(pair);
  }
  return { ...known, others };
}

/** NETIF both ways: an interface for each; keys that no element holds are kept by name. */
export const netif: TwoWay = {
  read(domain, value) {
    const { found, bad } = readNetif(value);
    let result = domain;
    for (const one of found) {
      const device = interfaceOf(one.nic);
      result = withKept(withInterfaces(result, [device]), one, device);
    }
    const lost = [...bad, ...found.flatMap((one) => one.bad)];
    if (found.length === 0 && lost.length > 0) return ignored(`${lost.join(';')}: no interface`);
    const how = 'an interface for each, of type bridge or network if it names one';
    const keyed = found.flatMap(({ nic, unknown }) => [
      ...netifKeys.filter((key) => !held.has(key) && nic[key] !== undefined),
      ...unknown.map((pair) => pair.split('=', 1)[0] ?? ''),
    ]);
    const losses = [
      ...(keyed.length === 0 ? [] : [`${[...new Set(keyed)].join(', ')} kept by name`]),
      ...(lost.length === 0 ? [] : [`but for ${lost.join(' ')}`]),
    ];
    return losses.length === 0 ? carried(result, how) : approximated(result, [how, ...losses].join('; '));
  },
  write(domain) {
    const found = (domain.devices.interfaces ?? []).flatMap(
      (one, index) => netifOf(domain, one, index) ?? [],
    );
    const text = formatNetif(found);
    const plain = formatNetif(found.map(({ others: _, ...nic }) => nic));
    return text === '' || parseNetif(plain) === undefined ? undefined : text;
  },
};
