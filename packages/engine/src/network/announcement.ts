// What tells neighbours that an address is at a hardware address from now on: ARP's and IPv6's own words, as frames.
// SPDX-License-Identifier: Apache-2.0
import { linkLocal, macBytes } from './link-addresses.js';

const EVERYBODY = Buffer.alloc(6, 0xff);
const ARP = 0x0806;
const REQUEST = 1;
const REPLY = 2;
const IPV6 = 0x86dd;
const ALL_NODES = Buffer.from('ff020000000000000000000000000001', 'hex');
const ALL_NODES_MAC = Buffer.from('333300000001', 'hex');
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
/** Who has another hardware address for it takes this one. */
const OVERRIDE = 0x20;
/** Who forwards takes one from it: none of a neighbour comes with less. */
const HOPS = 255;

/** Of 4 bytes both ways to say it, for some listen to one alone. */
export function announcement(mac: string, address: Buffer): Buffer[] {
  const own = macBytes(mac);
  return address.length === 4
    ? [arp(own, address, REQUEST), arp(own, address, REPLY)]
    : [advertisement(own, linkLocal(mac), address)];
}

function ethernet(to: Buffer, from: Buffer, type: number): Buffer {
  const kind = Buffer.alloc(2);
  kind.writeUInt16BE(type);
  return Buffer.concat([to, from, kind]);
}

function arp(own: Buffer, address: Buffer, what: number): Buffer {
  // Ethernet, IPv4, and how long the addresses of both are.
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, what]);
  const target = what === REQUEST ? Buffer.alloc(6) : own;
  return Buffer.concat([ethernet(EVERYBODY, own, ARP), head, own, address, target, address]);
}

function advertisement(own: Buffer, from: Buffer, address: Buffer): Buffer {
  const said = Buffer.concat([
    Buffer.from([NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0]),
    ...[address, Buffer.from([2, 1]), own],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(said.length);
  said.writeUInt16BE(
    checksum(Buffer.concat([from, ALL_NODES, length, Buffer.from([0, 0, 0, ICMPV6]), said])),
    2,
  );
  const head = Buffer.alloc(8);
  head.writeUInt8(0x60, 0);
  head.writeUInt16BE(said.length, 4);
  head.writeUInt8(ICMPV6, 6);
  head.writeUInt8(HOPS, 7);
  return Buffer.concat([ethernet(ALL_NODES_MAC, own, IPV6), head, from, ALL_NODES, said]);
}

/** The internet's, of an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
