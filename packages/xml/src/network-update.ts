// Changes one entry of a network, as libvirt's net-update hands it over: a piece of XML, what is done with it, and in which list.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, familyOf } from './address.js';
import { checkElement } from './check/check.js';
import { parseElement } from './convert/parse.js';
import type { Finding } from './finding.js';
import { dhcpHost, dhcpRange, givesOut } from './network/dhcp.js';
import { dnsHost, dnsSrv, dnsTxt } from './network/dns.js';
import { hostInterface } from './network/forward.js';
import { type Network, network } from './network/index.js';
import type { NetworkIp } from './network/ip.js';
import { portgroup } from './network/portgroup.js';
import { attribute, element } from './schema/element.js';
import { ipAddress, lineText, nonEmptyText } from './schema/scalar.js';

/** What is done with the entry; `modify` finds the one that it replaces by what tells two apart. */
export type NetworkCommand = 'add-first' | 'add-last' | 'modify' | 'delete';

/** What became of a change: the network, or why there is none; findings are those of the entry, or of the network as it would be. */
export interface NetworkChange {
  readonly network?: Network;
  readonly refusal?: string;
  readonly findings: readonly Finding[];
}

interface Read<M> {
  readonly model?: M;
  readonly findings: readonly Finding[];
}

/** One list of a network; `M` is an entry, `P` what is said of one that is to be deleted. */
interface List<M, P> {
  /** What an entry is called. */
  readonly name: string;
  readonly read: (text: string) => Read<M>;
  readonly readPart: (text: string) => Read<P>;
  /** Undefined where the network has no place for it. */
  readonly of: (network: Network, parent: number) => readonly M[] | undefined;
  readonly put: (network: Network, parent: number, list: readonly M[]) => Network;
  /** Whether only one of both may stand. */
  readonly isSame: (one: M, other: M) => boolean;
  readonly isMeant: (one: M, part: P) => boolean;
  /** Of several that are meant the first is deleted; otherwise none is. */
  readonly takesFirst?: true;
  /** What the entry becomes; without it there is nothing to modify. */
  readonly modified?: (one: M, given: M) => M;
}

type Change = (network: Network, command: NetworkCommand, parent: number, text: string) => NetworkChange;

const refused = (refusal: string, findings: readonly Finding[] = []): NetworkChange => ({
  refusal,
  findings,
});

/** The network with the list, unless it would contradict itself. */
function changed<M, P>(
  list: List<M, P>,
  whole: Network,
  parent: number,
  entries: readonly M[],
  remarks: readonly Finding[],
): NetworkChange {
  const result = list.put(whole, parent, entries);
  const findings = [...remarks, ...checkElement(network, result)];
  const fault = findings.find(({ severity }) => severity === 'error');
  return fault === undefined ? { network: result, findings } : refused(fault.message, findings);
}

const one = (name: string): string => `${/^[aeiouS]/.test(name) ? 'an' : 'a'} ${name}`;

function change<M, P>(list: List<M, P>): Change {
  const { name } = list;
  return (whole, command, parent, text) => {
    const entries = list.of(whole, parent);
    if (command === 'delete') {
      const { model: part, findings } = list.readPart(text);
      if (part === undefined) return unread(findings);
      const meant = (entries ?? []).filter((entry) => list.isMeant(entry, part));
      const [first, ...more] = meant;
      if (first === undefined) return refused(`the network has no such ${name}`, findings);
      if (more.length > 0 && list.takesFirst !== true)
        return refused(`the network has ${meant.length} such ${name}s`, findings);
      return changed(
        list,
        whole,
        parent,
        (entries ?? []).filter((entry) => entry !== first),
        findings,
      );
    }
    const { modified } = list;
    if (command === 'modify' && modified === undefined)
      return refused(`nothing of ${one(name)} can be modified: it is added and deleted`);
    const { model: given, findings } = list.read(text);
    if (given === undefined) return unread(findings);
    if (entries === undefined) return refused(`the network has no place for ${one(name)}`, findings);
    const at = entries.findIndex((entry) => list.isSame(entry, given));
    const found = entries[at];
    if (command === 'modify') {
      if (found === undefined || modified === undefined)
        return refused(`the network has no such ${name}`, findings);
      return changed(list, whole, parent, entries.with(at, modified(found, given)), findings);
    }
    if (found !== undefined) return refused(`the network has such ${one(name)} already`, findings);
    const all = command === 'add-first' ? [given, ...entries] : [...entries, given];
    return changed(list, whole, parent, all, findings);
  };
}

function unread(findings: readonly Finding[]): NetworkChange {
  const fault = findings.find(({ severity }) => severity === 'error');
  return refused(fault?.message ?? 'the entry cannot be read', findings);
}

const none = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);
const sameAddress = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && addressNumber(a) === addressNumber(b) && familyOf(a) === familyOf(b);
const isSaid = <T>(a: T | undefined, b: T | undefined): boolean => a !== undefined && a === b;

/** The <ip> by its number; below 0 that which has DHCP, or the first, of IPv4 if there is one. */
function ipAt(ips: readonly NetworkIp[] | undefined, parent: number): number {
  if (ips === undefined) return -1;
  if (parent >= 0) return parent < ips.length ? parent : -1;
  const places = [
    ips.findIndex(({ dhcp }) => dhcp !== undefined && givesOut(dhcp)),
    ips.findIndex(({ address }) => familyOf(address) === 'ipv4'),
    0,
  ];
  return places.find((place) => place >= 0 && place < ips.length) ?? -1;
}

/** A list in the <dhcp> of an <ip>. */
const inDhcp = <K extends 'ranges' | 'hosts'>(key: K) => ({
  of({ ips }: Network, parent: number) {
    const ip = ips?.[ipAt(ips, parent)];
    return ip === undefined ? undefined : (ip.dhcp?.[key] ?? []);
  },
  put(whole: Network, parent: number, list: readonly unknown[]): Network {
    const { ips = [] } = whole;
    const at = ipAt(ips, parent);
    return {
      ...whole,
      ips: ips.map((ip, index) => (index === at ? { ...ip, dhcp: { ...ip.dhcp, [key]: none(list) } } : ip)),
    };
  },
});

/** A list in the <dns>. */
const inDns = <K extends 'txts' | 'srvs' | 'hosts'>(key: K) => ({
  of: ({ dns }: Network) => dns?.[key] ?? [],
  put: (whole: Network, _: number, list: readonly unknown[]): Network => ({
    ...whole,
    dns: { ...whole.dns, [key]: none(list) },
  }),
});

const someHost = element('host', {
  doc: 'What is known of it.',
  fields: { ...dhcpHost.body.fields, ip: attribute(ipAddress, { doc: 'Its address.' }) },
});
const someNames = element('host', {
  doc: 'What is known of it.',
  fields: { ...dnsHost.body.fields, ip: attribute(ipAddress, { doc: 'The address.' }) },
});
const someTxt = element('txt', {
  doc: 'What is known of it.',
  fields: { ...dnsTxt.body.fields, value: attribute(lineText, { doc: 'Its text.' }) },
});
const someSrv = element('srv', {
  doc: 'What is known of it.',
  fields: {
    ...dnsSrv.body.fields,
    service: attribute(nonEmptyText, { doc: 'The service.' }),
    protocol: attribute(nonEmptyText, { doc: 'Its protocol.' }),
  },
});

/** By libvirt's names for them in virsh, the lists that it lets change. */
const lists = {
  'ip-dhcp-host': change({
    name: 'host',
    read: (text) => parseElement([dhcpHost], text),
    readPart: (text) => parseElement([someHost], text),
    ...inDhcp('hosts'),
    isSame: (one, other) =>
      isSaid(one.mac, other.mac) || isSaid(one.name, other.name) || sameAddress(one.ip, other.ip),
    isMeant: (one, { mac, name, ip }) =>
      (mac !== undefined || name !== undefined || ip !== undefined) &&
      (mac === undefined || one.mac === undefined || one.mac === mac) &&
      (name === undefined || one.name === name) &&
      (ip === undefined || sameAddress(one.ip, ip)),
    takesFirst: true,
    modified: (_, given) => given,
  }),
  'ip-dhcp-range': change({
    name: 'range',
    read: (text) => parseElement([dhcpRange], text),
    readPart: (text) => parseElement([dhcpRange], text),
    ...inDhcp('ranges'),
    isSame: (one, other) => sameAddress(one.start, other.start) && sameAddress(one.end, other.end),
    isMeant: (one, part) => sameAddress(one.start, part.start) && sameAddress(one.end, part.end),
  }),
  'forward-interface': change({
    name: 'interface',
    read: (text) => parseElement([hostInterface], text),
    readPart: (text) => parseElement([hostInterface], text),
    of: ({ forward }) =>
      forward?.interfaces ?? (forward?.dev === undefined ? forward && [] : [{ dev: forward.dev }]),
    put: (whole, _, list) => ({
      ...whole,
      forward: { ...whole.forward, dev: whole.forward?.dev && list[0]?.dev, interfaces: none(list) },
    }),
    isSame: (one, other) => one.dev === other.dev,
    isMeant: (one, part) => one.dev === part.dev,
  }),
  portgroup: change({
    name: 'port group',
    read: (text) => parseElement([portgroup], text),
    readPart: (text) => parseElement([portgroup], text),
    of: ({ portgroups }) => portgroups ?? [],
    put: (whole, _, list) => ({ ...whole, portgroups: none(list) }),
    isSame: (one, other) => one.name === other.name,
    isMeant: (one, part) => one.name === part.name,
    modified: (_, given) => given,
  }),
  'dns-host': change({
    name: 'host',
    read: (text) => parseElement([dnsHost], text),
    readPart: (text) => parseElement([someNames], text),
    ...inDns('hosts'),
    isSame: (one, other) => sameAddress(one.ip, other.ip),
    isMeant: (one, { ip, hostnames = [] }) =>
      sameAddress(one.ip, ip) || hostnames.some((name) => one.hostnames?.includes(name) === true),
    modified: (_, given) => given,
  }),
  'dns-txt': change({
    name: 'TXT record',
    read: (text) => parseElement([dnsTxt], text),
    readPart: (text) => parseElement([someTxt], text),
    ...inDns('txts'),
    isSame: (one, other) => one.name === other.name,
    isMeant: (one, part) => one.name === part.name,
    modified: (one, { value }) => ({ ...one, value }),
  }),
  'dns-srv': change({
    name: 'SRV record',
    read: (text) => parseElement([dnsSrv], text),
    readPart: (text) => parseElement([someSrv], text),
    ...inDns('srvs'),
    isSame: (one, other) => isSrv(one, other),
    isMeant: (one, part) => isSrv(one, part),
  }),
} as const;

/** Of what is not said any will do. */
const isSrv = (one: SrvNames, given: SrvNames): boolean =>
  (['service', 'protocol', 'domain', 'target'] as const).every(
    (key) => given[key] === undefined || given[key] === one[key],
  );
interface SrvNames {
  readonly service?: string | undefined;
  readonly protocol?: string | undefined;
  readonly domain?: string | undefined;
  readonly target?: string | undefined;
}

/** A list of a network whose entries can be changed, by virsh's name for it; of `bridge`, `domain`, `ip`, `forward` and `forward-pf` libvirt changes nothing. */
export type NetworkSection = keyof typeof lists;
/** All of them. */
export const networkSections: readonly string[] = Object.keys(lists);

/**
 * Changes one entry of a network. Nobody's model is changed: the answer has another one.
 *
 * @param text - the entry as XML; to delete one, what tells it from the others is enough
 * @param parent - for DHCP the number of the <ip>, from 0; below 0 for that which has DHCP, or the first
 */
export const updateNetwork = (
  whole: Network,
  section: NetworkSection,
  command: NetworkCommand,
  text: string,
  parent = -1,
): NetworkChange => lists[section](whole, command, parent, text);
