// Network keys: routed addresses, interfaces, host devices, names and name servers.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, familyOf, type Hostdev, type Interface, type Ip } from '@ctvirt/xml';
import { isUnspecified, readAddress } from '../../addresses.js';
import { parameterValue, withValue } from '../../beancounters.js';
import { withHostdevs, withInterfaces } from '../../edit.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { inGroup, ownWord, type TwoWay } from '../parameter.js';
import { parseList } from '../values.js';
import { omit } from '../without.js';
import { isOfNetif, netif } from './netif.js';

const interfacesOf = <T extends Interface['type']>(domain: Domain, type: T) =>
  (domain.devices.interfaces ?? []).filter(
    (one): one is Extract<Interface, { type: T }> => one.type === type,
  );

/** An address; undefined for the unspecified one, which OpenVZ skips. */
function readOwn(text: string): Ip | undefined {
  const ip = readAddress(text);
  return ip === undefined || isUnspecified(ip.address) ? undefined : ip;
}

type NetHostdev = Extract<Hostdev, { type: 'net' }>;

/** NAMESERVER and SEARCHDOMAIN: `inherit` stays a word, to be looked up on the host at each start. */
function dnsRow(
  key: string,
  part: 'nameservers' | 'searches',
  set: (domain: Domain, items: string[]) => Outcome,
): TwoWay & { forget(domain: Domain): Domain } {
  return {
    forget: (domain) => (domain.dns === undefined ? domain : { ...domain, dns: omit(domain.dns, [part]) }),
    read(domain, value) {
      if ((domain.dns?.[part]?.length ?? 0) > 0 || parameterValue(domain, key) !== undefined) return ownWord;
      // Said on two lines it is said twice.
      const items = [...new Set(parseList(value))];
      const [only, ...others] = items;
      if (only === 'inherit' && others.length === 0)
        return carried(withValue(domain, key, only), "parameter of that name: the host's own are taken");
      return set(domain, items);
    },
    write(domain) {
      const items =
        part === 'nameservers'
          ? domain.dns?.nameservers?.map(({ address }) => address)
          : domain.dns?.searches?.map((search) => search.domain);
      return items === undefined || items.length === 0 ? parameterValue(domain, key) : items.join(' ');
    },
  };
}

const nameserver = dnsRow('NAMESERVER', 'nameservers', (domain, items) => {
  const good = items.filter((item) => familyOf(item) !== undefined);
  const nameservers = good.map((address) => ({ address }));
  const result = nameservers.length === 0 ? domain : { ...domain, dns: { ...domain.dns, nameservers } };
  if (good.length === items.length) return carried(result, 'nameserver in dns');
  const bad = items.filter((item) => !good.includes(item)).join(' ');
  return good.length === 0
    ? ignored(`${bad}: no addresses`)
    : approximated(result, `but for ${bad}, no address`);
});

const searchdomain = dnsRow('SEARCHDOMAIN', 'searches', (domain, items) => {
  const searches = items.map((name) => ({ domain: name }));
  return carried(
    searches.length === 0 ? domain : { ...domain, dns: { ...domain.dns, searches } },
    'search in dns',
  );
});

const ownFilter = 'each container has the packet filter of its own network, whole';

/** In the order of a new file. */
export const networkRows = inGroup('network', [
  {
    key: 'IP_ADDRESS',
    syntax: 'list',
    duplicates: 'all',
    profile: false,
    meaning: 'routed addresses, IPv4 and IPv6',
    read(domain, value) {
      if (interfacesOf(domain, 'ethernet').some(({ ips }) => ips !== undefined)) return ownWord;
      const seen = new Set<string>();
      const bad: string[] = [];
      const ips: Ip[] = [];
      for (const item of parseList(value)) {
        const ip = readOwn(item);
        if (ip === undefined) bad.push(item);
        else if (!seen.has(ip.address)) ips.push(ip);
        if (ip) seen.add(ip.address);
      }
      // As venet is one link, whatever addresses it has.
      const result = ips.length === 0 ? domain : withInterfaces(domain, [{ type: 'ethernet', ips }]);
      if (ips.length === 0 && bad.length > 0) return ignored(`${bad.join(' ')}: no addresses`);
      const how = 'an interface of type ethernet with all of them';
      return bad.length === 0
        ? carried(result, how)
        : approximated(result, `${how}, but for ${bad.join(' ')}`);
    },
    write(domain) {
      const addresses = interfacesOf(domain, 'ethernet').flatMap((one) =>
        isOfNetif(domain, one) ? [] : (one.ips ?? []),
      );
      if (addresses.length === 0) return undefined;
      return addresses
        .map(({ address, family, prefix }) =>
          prefix === undefined || prefix === (family === 'ipv4' ? 32 : 128)
            ? address
            : `${address}/${prefix}`,
        )
        .join(' ');
    },
  },
  {
    key: 'NETIF',
    syntax: 'netif',
    duplicates: 'first',
    profile: false,
    meaning: 'virtual Ethernet interfaces',
    ...netif,
  },
  {
    key: 'NETDEV',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'host network devices moved inside',
    read(domain, value) {
      const added = parseList(value).map(
        (name): NetHostdev => ({ type: 'net', mode: 'capabilities', source: { interface: name } }),
      );
      return carried(withHostdevs(domain, added), 'a hostdev of type net for each');
    },
    write(domain) {
      const names = (domain.devices.hostdevs ?? []).flatMap((one) =>
        one.type === 'net' ? [one.source.interface] : [],
      );
      return names.length === 0 ? undefined : names.join(' ');
    },
  },
  {
    key: 'HOSTNAME',
    syntax: 'word',
    duplicates: 'first',
    profile: false,
    meaning: 'host name',
    read(domain, value) {
      if (domain.hostname !== undefined) return ownWord;
      return value === '' ? ignored('it is empty') : carried({ ...domain, hostname: value }, 'hostname');
    },
    write: (domain) => domain.hostname,
  },
  {
    key: 'NAMESERVER',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'name servers, or inherit',
    ...nameserver,
  },
  {
    key: 'SEARCHDOMAIN',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'search domains, or inherit',
    ...searchdomain,
  },
  { key: 'IPV6', syntax: 'bool', duplicates: 'first', meaning: 'IPv6 on' },
  {
    key: 'NETFILTER',
    syntax: 'word',
    meaning: 'packet filter: disabled, stateless, stateful or full',
    how: ownFilter,
  },
  {
    key: 'IPTABLES',
    syntax: 'list',
    duplicates: 'all',
    meaning: 'packet filter modules, obsolete',
    how: ownFilter,
  },
  { key: 'VETH', syntax: 'text', meaning: 'predecessor of NETIF' },
]);
