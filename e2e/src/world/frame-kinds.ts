// Kinds of frames a container's root can send: what belongs to a host, what is for switches alone, and who hears which.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { run } from './command.js';
import { waitFor } from './wait.js';

/** To whom it goes, and all from its type on; its place in the table is its mark. */
export interface FrameKind {
  readonly name: string;
  readonly to: string;
  readonly rest: Buffer;
  /** Of another sender than the link's own. */
  readonly from?: string;
}

const MARK_BYTES = 'frame-kind-000'.length;
const everybody = 'ffffffffffff';
const cisco = '01000ccccccc';
const typed = (type: number, body = ''): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(type);
  return Buffer.concat([head, Buffer.from(body, 'hex')]);
};
/** With its length where others have a type: LLC, and SNAP on top of that; the mark counts. */
const counted = (body: string): Buffer => typed(body.length / 2 + MARK_BYTES, body);

const mac = '525400777766';
const address4 = '0a4d0042';
const gateway4 = '0a4d0001';
/** Says in an answer of ARP that the gateway's address is the container's. */
const arpOf = (address: string): string => `0001080006040002${mac}${address}${'00'.repeat(6)}${address}`;
const local6 = 'fe80000000000000505400fffe777766';
const nodes6 = `ff02${'00'.repeat(13)}01`;

/** What a host on a network says: these and no others pass. */
export const hostFrames: readonly FrameKind[] = [
  // UDP to everybody, with the sum of its head.
  { name: 'IPv4', to: everybody, rest: typed(0x0800, ip4()) },
  {
    name: 'IPv6',
    to: '333300000001',
    rest: typed(0x86dd, `6000000000161140${local6}${nodes6}0005270f00160000`),
  },
  { name: 'ARP', to: everybody, rest: typed(0x0806, arpOf(address4)) },
];

const forged = arpOf(gateway4);
const bridgeWords = `000000000000${mac}000000000000${mac}80010000140002000f00`;
const priorityTag = (type: number): Buffer => typed(type, `00000806${forged}`);

export const otherFrames: readonly FrameKind[] = [
  {
    name: 'DTP, which asks a switch for a trunk',
    to: cisco,
    rest: counted('aaaa0300000c2004010001000500000200050300030005a5'),
  },
  { name: 'VTP', to: cisco, rest: counted('aaaa0300000c2003010100066c6162') },
  { name: 'CDP', to: cisco, rest: counted('aaaa0300000c200002b40000') },
  { name: 'PVST+', to: '01000ccccccd', rest: counted(`aaaa0300000c010b${bridgeWords}`) },
  { name: 'spanning tree to everybody', to: everybody, rest: counted(`424203${bridgeWords}`) },
  { name: 'ARP in SNAP', to: everybody, rest: counted(`aaaa030000000806${forged}`) },
  { name: 'ARP in SNAP of a bridge’s tunnel', to: everybody, rest: counted(`aaaa030000f80806${forged}`) },
  { name: 'IPX', to: everybody, rest: counted(`ffff${'00'.repeat(30)}`) },
  { name: 'a tag', to: everybody, rest: priorityTag(0x8100) },
  { name: 'a service tag', to: everybody, rest: priorityTag(0x88a8) },
  { name: 'two tags', to: everybody, rest: typed(0x88a8, `000a8100000a0806${forged}`) },
  { name: 'a tag of old switches (0x9100)', to: everybody, rest: priorityTag(0x9100) },
  { name: 'a tag of old switches (0x9200)', to: everybody, rest: priorityTag(0x9200) },
  { name: 'RARP', to: everybody, rest: typed(0x8035, forged) },
  { name: 'wake-on-LAN', to: everybody, rest: typed(0x0842, `${everybody}${mac.repeat(16)}`) },
  { name: 'PPPoE', to: everybody, rest: typed(0x8863, '1107000000040101000000') },
  { name: 'PPPoE in a session', to: everybody, rest: typed(0x8864, '110000010004c021') },
  { name: 'EAPOL', to: everybody, rest: typed(0x888e, '01010000') },
  { name: 'LLDP to everybody', to: everybody, rest: typed(0x88cc, `020704${mac}0000`) },
  { name: 'MPLS', to: everybody, rest: typed(0x8847, '000001ff') },
  { name: 'MACsec', to: everybody, rest: typed(0x88e5, '0000') },
  { name: 'AoE', to: everybody, rest: typed(0x88a2, '1000ffffff00') },
  { name: 'Profinet', to: everybody, rest: typed(0x8892, 'fefe0500') },
  { name: 'Homeplug', to: everybody, rest: typed(0x88e1, '0000a0') },
  { name: 'a type nobody knows', to: everybody, rest: typed(0x88b5, '00') },
];

function ip4(): string {
  const head = `4500002a0001000040110000${address4}ffffffff`;
  const bytes = Buffer.from(head, 'hex');
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  bytes.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
  return `${bytes.toString('hex')}0005270f00160000`;
}

/** The document's address of the link that sends them. */
export const senderMac = mac.replaceAll(/..(?!$)/g, '$&:');

/** The last is heard whatever else is. */
const all: readonly FrameKind[] = [...otherFrames, ...hostFrames];
const marked = (at: number): string => `frame-kind-${String(at).padStart(3, '0')}`;

/** For the program that sends: each as hexadecimal digits, without its sender where that is the link. */
export const framesToSend = (kinds = all): string =>
  kinds
    .map(({ to, rest, from }, at) => {
      const body = Buffer.concat([rest, Buffer.from(marked(at))]);
      return [to, body.toString('hex').padEnd(92, '0'), ...(from === undefined ? [] : [from])].join('-');
    })
    .join(',');

const listener = String.raw`
socket(my $wire, 17, 3, 0x0300) or die; my ($ready, $end) = @ARGV; $| = 1; alarm 60;
open(my $file, '>', $ready) or die; close $file;
while (defined recv $wire, my $frame, 2000, 0) {
  next if $frame !~ /(frame-kind-\d+)/;
  print "$1\n";
  exit if $1 eq $end;
}`;

/** The names of the kinds a machine of the network hears while they are sent; `argv` makes a program one of its own. */
export async function heardKinds(
  argv: (...words: string[]) => string[],
  ready: string,
  send: () => Promise<void>,
  kinds = all,
): Promise<string[]> {
  const hearing = run(argv('perl', '-e', listener, ready, marked(kinds.length - 1)));
  await waitFor('the listener', () => existsSync(ready));
  await send();
  const { status, stdout, stderr } = await hearing;
  assert.equal(status, 0, `${stderr}: the last was not heard of ${stdout}`);
  return kinds.flatMap(({ name }, at) => (stdout.includes(marked(at)) ? [name] : []));
}
