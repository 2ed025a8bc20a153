// What a container can say in another's name, and what is for routers and servers to say: a frame of each.
// SPDX-License-Identifier: Apache-2.0
import type { FrameKind } from './frame-kinds.js';

const everybody = 'ffffffffffff';
const own = { mac: '525400777766', v4: '0a4d0042', v6: '20010db8007700000000000000000066' };
const other = { mac: '02bad0000001', v4: '0a4d0001', v6: '20010db8007700000000000000000077' };
const local6 = 'fe80000000000000505400fffe777766';
const nodes6 = `ff02${'00'.repeat(13)}01`;

const typed = (type: string, body: string): Buffer => Buffer.from(type + body, 'hex');
/** Within the packet: a bridge may cut off what lies behind it. */
const MARK_BYTES = 14;
const length16 = (bytes: number): string => bytes.toString(16).padStart(4, '0');
function ip4(protocol: string, from: string, body: string): Buffer {
  const head = `4500${length16(20 + body.length / 2 + MARK_BYTES)}0001000040${protocol}`;
  const bytes = Buffer.from(`${head}0000${from}ffffffff`, 'hex');
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  bytes.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
  return typed('0800', bytes.toString('hex') + body);
}
const ip6 = (protocol: string, from: string, body: string): Buffer =>
  typed('86dd', `60000000${length16(body.length / 2 + MARK_BYTES)}${protocol}ff${from}${nodes6}${body}`);
const udp = (source: number, destination: number): string =>
  `${length16(source)}${length16(destination)}${length16(8 + MARK_BYTES)}0000`;
const tcp = (source: number, destination: number): string =>
  `${length16(source)}${length16(destination)}00000001000000005002200000000000`;
const arp = (hardware: string, address: string): Buffer =>
  typed('0806', `0001080006040002${hardware}${address}${'00'.repeat(6)}${address}`);
const advert = (target: string, mac = own.mac): string => `8800000020000000${target}0201${mac}`;

const to6 = '333300000001';
const kind = (name: string, rest: Buffer, to = everybody, from?: string): FrameKind => ({
  name,
  to,
  rest,
  ...(from !== undefined && { from }),
});

/** In another's name. */
const spoofs: readonly FrameKind[] = [
  kind('MAC', ip4('11', own.v4, udp(5, 9999)), everybody, other.mac),
  kind('IPv4', ip4('11', other.v4, udp(5, 9999))),
  kind('ARP of an address', arp(own.mac, other.v4)),
  kind('ARP of a MAC', arp(other.mac, own.v4)),
  kind('IPv6', ip6('11', other.v6, udp(5, 9999)), to6),
  kind('ND', ip6('3a', local6, advert(other.v6)), to6),
  kind('ND of a MAC', ip6('3a', local6, advert(local6, other.mac)), to6),
  kind('VLAN', Buffer.concat([Buffer.from('81000005', 'hex'), ip4('11', own.v4, udp(5, 9999))])),
];
/** Of those who lead others, and what hides what is said. */
const guidance: readonly FrameKind[] = [
  kind('RA', ip6('3a', local6, '8600000040000708'.padEnd(32, '0')), to6),
  kind(
    'RA in a tag',
    Buffer.concat([Buffer.from('81000005', 'hex'), ip6('3a', local6, '8600000040000708'.padEnd(32, '0'))]),
    to6,
  ),
  kind('two tags', Buffer.concat([Buffer.from('88a8000a81000005', 'hex'), ip4('11', own.v4, udp(5, 9999))])),
  kind(
    'mail in a tag of no VLAN',
    Buffer.concat([Buffer.from('8100e000', 'hex'), ip4('06', own.v4, tcp(40_000, 25))]),
  ),
  kind('redirect', ip4('01', own.v4, `05010000${other.v4}${'00'.repeat(28)}`)),
  kind('DHCP', ip4('11', own.v4, udp(67, 68))),
  kind('DHCPv6', ip6('11', local6, udp(547, 546)), to6),
];
const honest: readonly FrameKind[] = [
  kind('mail', ip4('06', own.v4, tcp(40_000, 25))),
  kind('web', ip4('06', own.v4, tcp(40_000, 80))),
  kind('own IPv6', ip6('11', own.v6, udp(5, 9999)), to6),
  kind('own ARP', arp(own.mac, own.v4)),
  kind('own IPv4', ip4('11', own.v4, udp(5, 9999))),
];

/** The last is heard whatever else is. */
export const said: readonly FrameKind[] = [...spoofs, ...guidance, ...honest];
const names = (kinds: readonly FrameKind[]): string[] => kinds.map(({ name }) => name);
/** Their names. */
export const spoofNames = names(spoofs);
export const guidanceNames = names(guidance);
export const honestNames = names(honest);

/** Answers of two DHCP servers to a client, and something else. */
export const answers: readonly FrameKind[] = [
  kind('answer of another server', ip4('11', other.v4, udp(67, 68))),
  kind('mail to it', ip4('06', other.v4, tcp(40_000, 25))),
  kind('answer of the server', ip4('11', '0a4d0002', udp(67, 68))),
];
