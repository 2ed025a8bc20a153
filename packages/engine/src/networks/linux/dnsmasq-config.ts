// What dnsmasq is told of one network, as libvirt tells it: its configuration, who has which address, and what they are called.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { addressBytes } from '../../host/address-bytes.js';
import { remembered } from '../../state/remembered.js';
import type { DhcpHost, DhcpPlan, DnsPlan, Member, NetworkAddress, OwnBridge } from '../contract/plan.js';
import { address, asHostName, duid, hostName, linkName, mac, quoted } from './words.js';

/** Where its files lie. */
export interface DnsmasqFiles {
  readonly config: string;
  readonly hosts: string;
  readonly names: string;
  readonly leases: string;
  readonly pid: string;
}

/** Whom it becomes when it has opened what only root may open. */
export interface DnsmasqUser {
  readonly name: string;
  readonly group: string;
}

/** Only those that have an address, and something to be asked for. */
export const needsDnsmasq = ({ addresses, dhcp, dns }: OwnBridge): boolean =>
  addresses.length > 0 &&
  (dns.isEnabled ||
    dhcp.length > 0 ||
    addresses.some(({ family, tftpRoot }) => family === 6 || tftpRoot !== undefined));

/** The file that it is started with. */
export function configText(bridge: OwnBridge, files: DnsmasqFiles, user: DnsmasqUser): string {
  const { dns, dhcp, domain, forward, mtu } = bridge;
  const lines = [
    'strict-order',
    `user=${user.name}`,
    `group=${user.group}`,
    ...(dns.isEnabled ? forwarderLines(dns) : ['port=0']),
    ...(domain?.isLocal === true ? [`local=/${hostName(domain.name)}/`] : []),
    ...(domain === undefined ? [] : [`domain=${hostName(domain.name)}`, 'expand-hosts']),
    ...(dns.isEnabled ? bridge.addresses.filter((one) => one.hasLocalPtr === true).map(reverseLine) : []),
    ...(dns.isEnabled && !dns.forwardsPlainNames ? ['domain-needed', 'local=//'] : []),
    `pid-file=${quoted(files.pid)}`,
    'except-interface=lo',
    // Nobody is answered but who is on the bridge.
    'bind-dynamic',
    `interface=${linkName(bridge.name)}`,
    // Nobody is told a way that leads nowhere, nor names by which something would get out.
    ...(forward.mode === 'none' ? ['dhcp-option=3', 'no-resolv', 'ra-param=*,0,0'] : []),
    ...(dns.isEnabled ? recordLines(dns) : []),
    ...tftpLines(bridge),
    ...dhcp.flatMap((one) => rangeLines(bridge, one)),
    ...(dhcp.length === 0
      ? []
      : [
          `dhcp-lease-max=${dhcp.reduce((sum, one) => sum + sizeOf(bridge, one), 0)}`,
          `dhcp-hostsfile=${quoted(files.hosts)}`,
          // A lease is for whoever has the address, not for a program that an option could name.
          `dhcp-leasefile=${quoted(files.leases)}`,
          // Who is called so is asked by browsers which way to go.
          'dhcp-name-match=set:wpad-ignore,wpad',
          'dhcp-ignore-names=tag:wpad-ignore',
        ]),
    // The host's own names are for the host: its own would be the asker's loopback, and one that a member has, too, would have two addresses.
    ...(dns.isEnabled ? ['no-hosts', `addn-hosts=${quoted(files.names)}`] : []),
    ...(mtu === undefined ? [] : [`dhcp-option=option:mtu,${mtu}`]),
    ...advertisementLines(bridge),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The zone in which a network's addresses are names: of whole bytes in decimal, of half ones in hexadecimal. */
function reverseLine({ address: text, prefix, family }: NetworkAddress): string {
  const bits = family === 4 ? 8 : 4;
  if (prefix % bits !== 0)
    throw new EngineError(
      'unsupported',
      `who has an address of ${text}/${prefix} cannot be kept from being asked of others: that takes a prefix that ${bits} divides`,
    );
  const bytes = addressBytes(address(text));
  const labels = family === 4 ? [...bytes].map(String) : [...bytes.toString('hex')];
  const zone = [...labels.slice(0, prefix / bits).toReversed(), family === 4 ? 'in-addr.arpa' : 'ip6.arpa'];
  return `local=/${zone.join('.')}/`;
}

function forwarderLines({ forwarders }: DnsPlan): string[] {
  const servers = forwarders.map(({ domain, address: server }) => {
    const of = domain === undefined ? '' : `/${hostName(domain)}/`;
    return `server=${of}${server === undefined ? '#' : address(server)}`;
  });
  const areAll = forwarders.some((one) => one.domain === undefined && one.address !== undefined);
  return areAll ? [...servers, 'no-resolv'] : servers;
}

function recordLines({ texts, services }: DnsPlan): string[] {
  return [
    ...texts.map(({ name, value }) => `txt-record=${hostName(name)},${quoted(value)}`),
    ...services.map(({ service, protocol, domain, target, port, priority, weight }) => {
      const name = `_${hostName(service)}._${hostName(protocol)}${domain === undefined ? '' : `.${hostName(domain)}`}`;
      // Without a target there is no such service, and nothing else to be said.
      if (target === undefined || target === '' || target === '.') return `srv-host=${name}`;
      const numbers = [port ?? 1, priority ?? 0, weight ?? 0];
      const said = [port, priority, weight].findLastIndex((number) => number !== undefined) + 1;
      return `srv-host=${[name, hostName(target), ...numbers.slice(0, said)].join(',')}`;
    }),
  ];
}

function tftpLines({ addresses }: OwnBridge): string[] {
  const roots = addresses.flatMap(({ tftpRoot }) => tftpRoot ?? []);
  return roots.length === 0 ? [] : ['enable-tftp', ...roots.map((root) => `tftp-root=${quoted(root)}`)];
}

/** Who has a line, be it for addresses that are not of this subnet: he is given what is kept for him, and nothing else. */
const strangers = ['known', 'known-othernet'].map((one) => `tag:!${one}`).join(',');

const hostsOf = (dhcp: readonly DhcpPlan[]): DhcpHost[] => dhcp.flatMap(({ hosts }) => hosts);

const prefixOf = (bridge: OwnBridge, { server, family }: DhcpPlan): number =>
  bridge.addresses.find((one) => one.address === server)?.prefix ?? (family === 4 ? 24 : 64);

/** There are as many as a subnet has, since those that are kept for somebody lie anywhere in it; none has more than a host would hold. */
const sizeOf = (bridge: OwnBridge, dhcp: DhcpPlan): number =>
  Math.min(2 ** ((dhcp.family === 4 ? 32 : 128) - prefixOf(bridge, dhcp)), 65536);

function rangeLines(bridge: OwnBridge, dhcp: DhcpPlan): string[] {
  const { family, server, ranges, bootp } = dhcp;
  const prefix = prefixOf(bridge, dhcp);
  const size = family === 6 ? String(prefix) : netmask(prefix);
  const lines = [
    ...ranges.map(({ start, end, leaseSeconds }) =>
      [
        // By another name of its own, of which it may have any number, a machine is not given another address.
        `dhcp-range=${strangers}`,
        address(start),
        address(end),
        size,
        ...(leaseSeconds === undefined ? [] : [leaseSeconds]),
      ].join(','),
    ),
    // Those whose address is kept for them.
    [`dhcp-range=${address(server)}`, 'static', size, ...leaseTime(ranges)].join(','),
  ];
  if (family === 6) return lines;
  const boot =
    bootp === undefined
      ? []
      : [`dhcp-boot=${quoted(bootp.file)}${bootp.server === undefined ? '' : `,,${address(bootp.server)}`}`];
  return [...lines, 'dhcp-no-override', 'dhcp-authoritative', ...boot];
}

/** Of IPv6 a router tells the way, and whether there are addresses to be asked for. */
function advertisementLines({ addresses, dhcp, dns }: OwnBridge): string[] {
  const own = addresses.filter(({ family }) => family === 6).map((one) => address(one.address));
  // That of the link, which is told otherwise, is not what members have before they ask.
  const servers = own.map((one) => `[${one}]`).join(',');
  return [
    ...(own.length > 0 && dns.isEnabled ? [`dhcp-option=option6:dns-server,${servers}`] : []),
    ...(dhcp.some(({ family }) => family === 6)
      ? ['enable-ra']
      : own.map((one) => `dhcp-range=${one},ra-only`)),
  ];
}

const netmask = (prefix: number): string =>
  [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - from)))).join('.');

const inBrackets = (text: string): string => (text.includes(':') ? `[${address(text)}]` : address(text));

/** Whose an address is, line by line. */
export function hostsText(bridge: OwnBridge, members: readonly Member[]): string {
  return [
    ...hostsOf(bridge.dhcp).map((host) => `${hostLine(host)}\n`),
    ...members.map((member) => memberHosts(member, bridge)),
  ].join('');
}

/** What the document says of an address stands before what we say. */
const memberHosts = remembered((member: Member, bridge: OwnBridge): string => {
  const said = saidIn(bridge, undefined);
  const own = member.addresses.filter((one) => !said.addresses.has(keyOf(one)));
  const isSaid = own.length === 0 && said.macs.has(member.mac.toLowerCase());
  return isSaid ? '' : `${memberLine({ ...member, addresses: own })}\n`;
});

interface Said {
  readonly addresses: ReadonlySet<string>;
  readonly macs: ReadonlySet<string>;
}
const saidIn = remembered(({ dhcp }: OwnBridge): Said => {
  const hosts = hostsOf(dhcp);
  return {
    addresses: new Set(hosts.flatMap((host) => (host.address === undefined ? [] : [keyOf(host.address)]))),
    macs: new Set(hosts.flatMap((host) => host.mac?.toLowerCase() ?? [])),
  };
});

/** Those that are kept for somebody last as long as those that are given to whoever asks. */
const leaseTime = ([range]: DhcpPlan['ranges']): string[] =>
  range?.leaseSeconds === undefined ? [] : [String(range.leaseSeconds)];

const keyOf = (text: string): string => addressBytes(address(text)).toString('hex');

const hostLine = ({ mac: hardware, id, name, address: given, leaseSeconds }: DhcpHost): string =>
  [
    ...(hardware === undefined ? [] : [mac(hardware)]),
    ...(id === undefined ? [] : [`id:${duid(id)}`]),
    // As libvirt has it: of IPv6 the name comes first.
    ...(name === undefined || given?.includes(':') === false ? [] : [hostName(name)]),
    ...(given === undefined ? [] : [inBrackets(given)]),
    ...(name === undefined || given?.includes(':') !== false ? [] : [hostName(name)]),
    ...(leaseSeconds === undefined ? [] : [leaseSeconds]),
  ].join(',');

const usable = (names: readonly string[]): string[] => names.flatMap((name) => asHostName(name) ?? []);

/** A domain is told the first of its names that is one word. */
function memberLine({ mac: hardware, addresses, names }: Member): string {
  const name = usable(names).find((one) => !one.includes('.'));
  return [...[mac(hardware), ...addresses.map(inBrackets)], ...(name === undefined ? [] : [name])].join(',');
}

/** What addresses are called, as in /etc/hosts. A domain's name that is no host's is left out: it is a domain all the same. */
export function namesText({ dns }: OwnBridge, members: readonly Member[]): string {
  return [
    ...dns.hosts.map((host) => nameLine([address(host.address), ...host.names.map(hostName)])),
    ...members.map((member) => memberNames(member, undefined)),
  ].join('');
}

const nameLine = (words: readonly string[]): string => `${words.join(' ')}\n`;

const memberNames = remembered(({ addresses, names }: Member): string => {
  const words = usable(names);
  return words.length === 0 ? '' : addresses.map((one) => nameLine([address(one), ...words])).join('');
});
