// Interfaces in words, with their addresses and rates, as edits of a document.
// SPDX-License-Identifier: Apache-2.0
import type { InterfaceSetting } from '@ctvirt/api';
import { type Domain, familyOf, type Interface, type Ip, nameInside, normalAddress } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import { withInterfaces } from './edit.js';

const linksIn = ({ devices }: Domain): readonly Interface[] => devices.interfaces ?? [];

/** With another interface, behind those it has. */
export const withLink = (domain: Domain, link: Interface): Domain =>
  withInterfaces(domain, [...linksIn(domain), link]);

/** An interface on a network. */
export const networkLink = (network: string): Interface => ({ type: 'network', source: { network } });

/** A network may be a bridge of the host, which a document may also name as such. */
const isOn =
  (network: string) =>
  (link: Interface): boolean =>
    (link.type === 'network' && link.source.network === network) ||
    (link.type === 'bridge' && link.source.bridge === network);

/** Adds an interface on a network; throws `exists` where there is one. */
export function withNetwork(domain: Domain, network: string): Domain {
  if (linksIn(domain).some(isOn(network)))
    throw new EngineError('exists', `domain '${domain.name}' has an interface on '${network}' already`);
  return withLink(domain, networkLink(network));
}

/** Takes it away; throws `not-found` where there is none. */
export function withoutNetwork(domain: Domain, network: string): Domain {
  const links = linksIn(domain);
  const place = links.findIndex(isOn(network));
  if (place < 0)
    throw new EngineError('not-found', `domain '${domain.name}' has no interface on '${network}'`);
  return withInterfaces(domain, links.toSpliced(place, 1));
}

/** Adds an interface by what it is called inside; throws `exists` for a name that there is. */
export function withInterface(domain: Domain, { name, bridge, mac, hostName }: InterfaceSetting): Domain {
  if (linksIn(domain).map(nameInside).includes(name))
    throw new EngineError('exists', `domain '${domain.name}' has an interface ${name} already`);
  const ends = {
    ...(mac !== undefined && { mac: { address: mac } }),
    ...(hostName !== undefined && { target: { dev: hostName } }),
    guest: { dev: name },
  };
  return withLink(
    domain,
    bridge === undefined ? { type: 'ethernet', ...ends } : { type: 'bridge', source: { bridge }, ...ends },
  );
}

/** Takes some away, by the names they have as long as all are there; throws `not-found` where there is none. */
export function withoutInterfaces(domain: Domain, names: readonly string[]): Domain {
  const named = linksIn(domain).map((link, index) => ({ link, name: nameInside(link, index) }));
  const left = names.reduce((some, name) => {
    const place = some.findIndex((one) => one.name === name);
    if (place < 0) throw new EngineError('not-found', `domain '${domain.name}' has no interface ${name}`);
    return some.toSpliced(place, 1);
  }, named);
  return withInterfaces(
    domain,
    left.map(({ link }) => link),
  );
}

/** The place of the interface that is meant; less than 0 where there is none. */
function placeOf(domain: Domain, network: string | undefined): number {
  const links = linksIn(domain);
  if (network !== undefined) return links.findIndex(isOn(network));
  const routed = links.findIndex(({ type }) => type === 'ethernet');
  return routed < 0 ? Math.min(links.length - 1, 0) : routed;
}

/** Adds addresses to the interface that is meant, which is made if there is none. */
export function withAddresses(
  domain: Domain,
  addresses: readonly string[],
  network: string | undefined,
): Domain {
  const place = placeOf(domain, network);
  if (place < 0) {
    const link: Interface = network === undefined ? { type: 'ethernet' } : networkLink(network);
    return withAddresses(withLink(domain, link), addresses, network);
  }
  const links = linksIn(domain).map((link, at): Interface => {
    if (at !== place) return link;
    return { ...link, ips: addresses.map(ipOf).reduce(withIp(domain.name), [...(link.ips ?? [])]) };
  });
  return withInterfaces(domain, links);
}

const withIp =
  (name: string) =>
  (ips: Ip[], ip: Ip): Ip[] => {
    if (ips.some(({ address }) => normalAddress(address) === normalAddress(ip.address)))
      throw new EngineError('exists', `domain '${name}' has the address ${ip.address} already`, {
        address: ip.address,
      });
    return [...ips, ip];
  };

function ipOf(text: string): Ip {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined)
    throw new EngineError('invalid', `'${text}' is not an IP address, as 192.168.1.5 or fd00::5/64 is one`, {
      address: text,
    });
  return { address, family, ...(length !== undefined && { prefix: Number(length) }) };
}

/** Takes one away, or `all`; throws `not-found` where it has none such. */
export function withoutAddress(domain: Domain, text: string): Domain {
  const isMeant =
    text === 'all'
      ? () => true
      : ({ address }: Ip) => normalAddress(address) === normalAddress(ipOf(text).address);
  const links = linksIn(domain);
  if (text !== 'all' && !links.some(({ ips }) => ips?.some(isMeant)))
    throw new EngineError('not-found', `domain '${domain.name}' does not have the address ${text}`);
  return withInterfaces(
    domain,
    links.map((link): Interface => {
      const { ips, ...bare } = link;
      const left = (ips ?? []).filter((ip) => !isMeant(ip));
      return left.length === 0 ? bare : { ...link, ips: left };
    }),
  );
}

/** Kilobytes a second of tc's words; undefined is no limit. */
function kilobytesOf(rate: string): number | undefined {
  if (rate === 'unlimited') return undefined;
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(kbit|mbit|gbit)$/i.exec(rate) ?? [];
  const bits = { kbit: 1e3, mbit: 1e6, gbit: 1e9 }[unit.toLowerCase()] ?? 0;
  const kilobytes = Math.floor((Number(number) * bits) / 8000);
  if (kilobytes >= 1 && kilobytes < 2 ** 32) return kilobytes;
  throw new EngineError(
    'invalid',
    `'${rate}' is no rate: 10mbit is one, in kbit, mbit or gbit (a second) and of 8kbit at least, or 'unlimited'`,
  );
}

/** Limits what passes an interface; without a network, each of them. */
export function withRate(domain: Domain, rate: string, network: string | undefined): Domain {
  const average = kilobytesOf(rate);
  const place = placeOf(domain, network);
  if (place < 0)
    throw new EngineError('invalid', `domain '${domain.name}' has no interface whose rate could be limited`);
  return withInterfaces(
    domain,
    linksIn(domain).map((link, at): Interface => {
      if (network !== undefined && at !== place) return link;
      const { bandwidth: _before, ...bare } = link;
      return average === undefined
        ? bare
        : { ...bare, bandwidth: { inbound: { average }, outbound: { average } } };
    }),
  );
}
