// One element of a network's document added, changed or taken out, by libvirt's rules for each part of it.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, familyName, familyOf } from '../address.js';
import { checkElement } from '../check/check.js';
import { parseElement } from '../convert/parse.js';
import type { Finding } from '../finding.js';
import type { Node } from '../read/node.js';
import { readTree, Unreadable } from '../read/tree.js';
import type { AnyElement } from '../schema/declaration.js';
import type { Infer } from '../schema/infer.js';
import { dhcpHost, dhcpRange, givesOut } from './dhcp.js';
import { dnsHost, dnsSrv, dnsTxt } from './dns.js';
import { hostInterface } from './forward.js';
import { type Network, network as networkElement } from './index.js';
import type { NetworkIp } from './ip.js';
import { portgroup } from './portgroup.js';

/** What is done with an element. */
export type NetworkUpdateCommand = 'modify' | 'delete' | 'add-last' | 'add-first';

/** The parts that hold elements of one kind. */
type ListSection =
  | 'ip-dhcp-host'
  | 'ip-dhcp-range'
  | 'forward-interface'
  | 'portgroup'
  | 'dns-host'
  | 'dns-txt'
  | 'dns-srv';

/** The parts that libvirt names; those that are no list cannot be changed by themselves, there or here. */
export type NetworkUpdateSection = ListSection | 'bridge' | 'domain' | 'ip' | 'forward' | 'forward-pf';

/** A change of one element. */
export interface NetworkUpdate {
  readonly section: NetworkUpdateSection;
  readonly command: NetworkUpdateCommand;
  /** The element; to take one out, what tells it from others. */
  readonly xml: string;
  /** Of DHCP: which <ip>, from 0; without it, or below, the first that gives addresses out. */
  readonly parent?: number | undefined;
}

/** Why it cannot be: a part or command there is not, what is there or not, XML that is none, or a document that would be wrong. */
export interface NetworkUpdateFault {
  readonly kind: 'unsupported' | 'state' | 'syntax' | 'document';
  readonly message: string;
  readonly findings?: readonly Finding[];
}

class Refusal extends Error {
  constructor(readonly fault: NetworkUpdateFault) {
    super(fault.message);
  }
}
const refuse = (kind: NetworkUpdateFault['kind'], message: string, findings?: readonly Finding[]): never => {
  throw new Refusal(findings === undefined ? { kind, message } : { kind, message, findings });
};

/** What is asked to go: its attributes, and texts of its children. */
interface Asked {
  readonly attributes: Readonly<Record<string, string>>;
  readonly texts: readonly string[];
}

/** How a document keeps the elements of one part, and when two of them are the same. */
interface Shelf<E extends AnyElement> {
  readonly element: E;
  readonly list: (network: Network, ip: number) => readonly Infer<E>[] | undefined;
  readonly put: (network: Network, list: readonly Infer<E>[] | undefined, ip: number) => Network;
  /** Whether a new one stands in the way of one that is there, or replaces it. */
  readonly isSame: (one: Infer<E>, other: Infer<E>) => boolean;
  /** Whether one is meant by what shall go. */
  readonly isAsked: (asked: Asked, one: Infer<E>) => boolean;
  /** Attributes of which one at least says what shall go. */
  readonly keys: readonly string[];
  /** Why none is changed in place, of parts where none is. */
  readonly fixed?: string;
  /** Why a new one cannot be there, beside what the whole document says. */
  readonly obstacle?: (network: Network, one: Infer<E>, ip: number) => string | undefined;
  readonly isThere: (one: Infer<E>, network: string) => string;
  readonly isAbsent: (network: string, asked: Asked, one: Infer<E> | undefined) => string;
  readonly areSeveral?: (network: string) => string;
}

const equal = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && one === other;
const sameCase = (one: string | undefined, other: string | undefined): boolean =>
  equal(one?.toLowerCase(), other?.toLowerCase());
const sameAddress = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  (one === other || (familyOf(one) === familyOf(other) && addressNumber(one) === addressNumber(other)));

/** What is not asked for may be anything. */
const fits = (
  asked: string | undefined,
  value: string | undefined,
  same: (one: string, other: string | undefined) => boolean,
): boolean => asked === undefined || same(asked, value);

const ipAt = ({ ips = [] }: Network, at: number): NetworkIp | undefined => ips[at];

const withIp = (network: Network, at: number, change: (ip: NetworkIp) => NetworkIp): Network => ({
  ...network,
  ips: network.ips?.map((ip, place) => (place === at ? change(ip) : ip)),
});

/** Of each family one subnet gives addresses out. */
function otherGives(network: Network, at: number): string | undefined {
  const own = familyOf(ipAt(network, at)?.address ?? '');
  const other = network.ips?.some(
    ({ address, dhcp }, place) => place !== at && familyOf(address) === own && givesOut(dhcp ?? {}),
  );
  return other === true && own !== undefined
    ? `dhcp is supported only for a single ${familyName[own]} address on each network`
    : undefined;
}

const differs = (network: Network, at: number, address: string): boolean =>
  familyOf(address) !== undefined && familyOf(address) !== familyOf(ipAt(network, at)?.address ?? '');

type Change = (network: Network, update: NetworkUpdate, ip: number) => Network;

const shelf =
  <E extends AnyElement>(rules: Shelf<E>): Change =>
  (network, update, ip) =>
    changed(rules, network, update, ip);

/** Without anything in it there is none. */
const unlessEmpty = <T extends object>(value: T): T | undefined =>
  Object.values(value).some((each) => each !== undefined) ? value : undefined;

const lists: Readonly<Record<ListSection, Change>> = {
  'ip-dhcp-host': shelf({
    element: dhcpHost,
    list: (network, at) => ipAt(network, at)?.dhcp?.hosts,
    put: (network, hosts, at) =>
      withIp(network, at, (ip) => ({ ...ip, dhcp: unlessEmpty({ ...ip.dhcp, hosts }) })),
    isSame: (one, other) =>
      sameCase(one.mac, other.mac) || equal(one.name, other.name) || sameAddress(one.ip, other.ip),
    isAsked: ({ attributes: { mac, name, ip } }, one) =>
      fits(mac, one.mac ?? mac, sameCase) && fits(name, one.name, equal) && fits(ip, one.ip, sameAddress),
    keys: ['name', 'mac', 'ip'],
    obstacle: (network, { ip }, at) =>
      differs(network, at, ip)
        ? "the address family of a host entry IP must match the address family of the dhcp element's parent"
        : otherGives(network, at),
    isThere: ({ mac, name, ip }, network) =>
      `there is an existing dhcp host entry in network '${network}' that matches "<host mac='${mac ?? 'unknown'}' name='${name ?? '(null)'}' ip='${ip}'/>"`,
    isAbsent: (network, _, one) =>
      one === undefined
        ? `couldn't locate a matching dhcp host entry in network '${network}'`
        : `couldn't locate an existing dhcp host entry with "mac='${one.mac ?? 'unknown'}'" "name='${one.name ?? '(null)'}'" "ip='${one.ip}'" in network '${network}'`,
  }),
  'ip-dhcp-range': shelf({
    element: dhcpRange,
    list: (network, at) => ipAt(network, at)?.dhcp?.ranges,
    put: (network, ranges, at) =>
      withIp(network, at, (ip) => ({ ...ip, dhcp: unlessEmpty({ ...ip.dhcp, ranges }) })),
    isSame: (one, other) => sameAddress(one.start, other.start) && sameAddress(one.end, other.end),
    isAsked: ({ attributes: { start, end } }, one) =>
      sameAddress(start, one.start) && sameAddress(end, one.end),
    keys: ['start', 'end'],
    fixed: 'dhcp ranges cannot be modified, only added or deleted',
    obstacle: (network, { start }, at) =>
      differs(network, at, start)
        ? "the address family of a dhcp range must match the address family of the dhcp element's parent"
        : otherGives(network, at),
    isThere: ({ start, end }, network) =>
      `there is an existing dhcp range entry in network '${network}' that matches "<range start='${start}' end='${end}'/>"`,
    isAbsent: (network) => `couldn't locate a matching dhcp range entry in network '${network}'`,
  }),
  'forward-interface': shelf({
    element: hostInterface,
    list: ({ forward }) =>
      forward?.interfaces ?? (forward?.dev === undefined ? undefined : [{ dev: forward.dev }]),
    put: ({ forward, ...network }, interfaces) => ({
      ...network,
      forward: { ...forward, dev: interfaces?.[0]?.dev, interfaces },
    }),
    isSame: (one, other) => one.dev === other.dev,
    isAsked: ({ attributes: { dev } }, one) => dev === one.dev,
    keys: ['dev'],
    fixed: 'forward interface entries cannot be modified, only added or deleted',
    isThere: ({ dev }, network) =>
      `there is an existing interface entry in network '${network}' that matches "<interface dev='${dev}'>"`,
    isAbsent: (network, { attributes: { dev } }) =>
      `couldn't find an interface entry in network '${network}' matching <interface dev='${dev}'>`,
  }),
  portgroup: shelf({
    element: portgroup,
    list: ({ portgroups }) => portgroups,
    put: (network, portgroups) => ({ ...network, portgroups }),
    isSame: (one, other) => one.name === other.name,
    isAsked: ({ attributes: { name } }, one) => name === one.name,
    keys: ['name'],
    obstacle: ({ name, portgroups = [] }, group) =>
      group.default === true && portgroups.some((one) => one.default === true && one.name !== group.name)
        ? `a different portgroup entry in network '${name}' is already set as the default. Only one default is allowed.`
        : undefined,
    isThere: ({ name }, network) =>
      `there is an existing portgroup entry in network '${network}' that matches "<portgroup name='${name}'>"`,
    isAbsent: (network, { attributes: { name } }) =>
      `couldn't find a portgroup entry in network '${network}' matching <portgroup name='${name}'>`,
  }),
  'dns-host': shelf({
    element: dnsHost,
    list: ({ dns }) => dns?.hosts,
    put: (network, hosts) => ({ ...network, dns: unlessEmpty({ ...network.dns, hosts }) }),
    // The same name of several addresses is what a network may mean.
    isSame: (one, other) => sameAddress(one.ip, other.ip),
    isAsked: ({ attributes: { ip }, texts }, one) =>
      sameAddress(ip, one.ip) || texts.some((name) => one.hostnames?.includes(name)),
    keys: ['ip', 'hostname'],
    isThere: (_, network) =>
      `there is already at least one DNS HOST record with a matching field in network ${network}`,
    isAbsent: (network) => `couldn't locate a matching DNS HOST record in network ${network}`,
    areSeveral: (network) => `multiple matching DNS HOST records were found in network ${network}`,
  }),
  'dns-txt': shelf({
    element: dnsTxt,
    list: ({ dns }) => dns?.txts,
    put: (network, txts) => ({ ...network, dns: unlessEmpty({ ...network.dns, txts }) }),
    isSame: (one, other) => one.name === other.name,
    isAsked: ({ attributes: { name } }, one) => name === one.name,
    keys: ['name'],
    isThere: ({ name }, network) =>
      `there is already a DNS TXT record with name '${name}' in network ${network}`,
    isAbsent: (network) => `couldn't locate a matching DNS TXT record in network ${network}`,
  }),
  'dns-srv': shelf({
    element: dnsSrv,
    list: ({ dns }) => dns?.srvs,
    put: (network, srvs) => ({ ...network, dns: unlessEmpty({ ...network.dns, srvs }) }),
    isSame: (one, other) =>
      fits(one.domain, other.domain, equal) &&
      one.service === other.service &&
      one.protocol === other.protocol &&
      fits(one.target, other.target, equal),
    isAsked: ({ attributes: { domain, service, protocol, target } }, one) =>
      fits(domain, one.domain, equal) &&
      fits(service, one.service, equal) &&
      fits(protocol, one.protocol, equal) &&
      fits(target, one.target, equal),
    keys: ['service', 'protocol', 'domain', 'target'],
    fixed: 'DNS SRV records cannot be modified, only added or deleted',
    isThere: (_, network) =>
      `there is already at least one DNS SRV record matching all specified fields in network ${network}`,
    isAbsent: (network) => `couldn't locate a matching DNS SRV record in network ${network}`,
    areSeveral: (network) =>
      `multiple DNS SRV records matching all specified fields were found in network ${network}`,
  }),
};

const isList = (section: NetworkUpdateSection): section is ListSection => Object.hasOwn(lists, section);

/** libvirt's names of the parts that are no list. */
const spelled = (section: string): string => section.replace('-', ' ');

/** Which <ip> a change of DHCP is about: the one that was named, that gives addresses out, or the first of IPv4. */
function ipFor({ name, ips = [] }: Network, parent: number): number {
  if (parent >= 0) {
    if (parent < ips.length) return parent;
    return refuse(
      'state',
      `couldn't update dhcp host entry - no <ip> element found at index ${parent} in network '${name}'`,
    );
  }
  const first = (isIt: (ip: NetworkIp) => boolean): number | undefined => {
    const at = ips.findIndex(isIt);
    return at < 0 ? undefined : at;
  };
  return (
    first(({ dhcp }) => givesOut(dhcp ?? {})) ??
    first(({ address }) => familyOf(address) === 'ipv4') ??
    first(() => true) ??
    refuse('state', `couldn't update dhcp host entry - no <ip> element found in network '${name}'`)
  );
}

/** The root of a client's element, which must be of that name. */
function rootOf(xml: string, expected: string, network: string): Node {
  try {
    const { root } = readTree(xml);
    if (root.name === expected) return root;
    return refuse(
      'document',
      `unexpected element <${root.name}>, expecting <${expected}>, while updating network '${network}'`,
    );
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return refuse('syntax', error.message);
  }
}

const askedOf = ({ attributes, children = [] }: Node): Asked => ({
  attributes,
  texts: children.flatMap(({ kind, text }) => (kind === 'element' ? [text.trim()] : [])),
});

function changed<E extends AnyElement>(
  rules: Shelf<E>,
  network: Network,
  { command, section, xml }: NetworkUpdate,
  ip: number,
): Network {
  const root = rootOf(xml, rules.element.name, network.name);
  if (command === 'modify' && rules.fixed !== undefined) return refuse('unsupported', rules.fixed);
  const list = rules.list(network, ip) ?? [];
  const asked = askedOf(root);
  const put = (next: readonly Infer<E>[]): Network =>
    rules.put(network, next.length === 0 ? undefined : next, ip);

  if (command === 'delete') {
    const { attributes, texts } = asked;
    if (texts.length === 0 && !rules.keys.some((key) => attributes[key] !== undefined))
      return refuse(
        'document',
        `to delete a <${rules.element.name}> of ${section} needs one of ${rules.keys.join(', ')}`,
      );
    const found = list.filter((one) => rules.isAsked(asked, one));
    if (found.length === 0) return refuse('state', rules.isAbsent(network.name, asked, undefined));
    if (found.length > 1 && rules.areSeveral !== undefined)
      return refuse('state', rules.areSeveral(network.name));
    return put(list.filter((one) => one !== found[0]));
  }

  const { model: one, findings } = parseElement([rules.element], xml);
  if (one === undefined)
    return refuse('document', findings[0]?.message ?? `no <${rules.element.name}>`, findings);
  const place = list.findIndex((other) => rules.isSame(one, other));
  if (command === 'modify') {
    if (place < 0) return refuse('state', rules.isAbsent(network.name, asked, one));
  } else if (place >= 0) {
    return refuse('state', rules.isThere(one, network.name));
  }
  const obstacle = rules.obstacle?.(network, one, ip);
  if (obstacle !== undefined) return refuse('state', obstacle);
  if (command === 'modify') return put(list.map((other, at) => (at === place ? one : other)));
  return put(command === 'add-first' ? [one, ...list] : [...list, one]);
}

/** The same document with the change; it is checked as a whole, and neither is the given one changed. */
export function updateNetwork(
  network: Network,
  update: NetworkUpdate,
): { readonly network: Network } | { readonly fault: NetworkUpdateFault } {
  const { section, parent = -1 } = update;
  try {
    if (!isList(section))
      return refuse('unsupported', `can't update '${spelled(section)}' section of network '${network.name}'`);
    const ip = section.startsWith('ip-') ? ipFor(network, parent) : -1;
    const updated = lists[section](network, update, ip);
    const findings = checkElement(networkElement, updated);
    const wrong = findings.find(({ severity }) => severity === 'error');
    if (wrong !== undefined) return refuse('document', wrong.message, findings);
    return { network: updated };
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.fault };
    throw error;
  }
}
