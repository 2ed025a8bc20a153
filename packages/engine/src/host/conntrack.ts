// Flows of UDP that the kernel remembers: where one leads is settled by its first packet, and it has no end but silence.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  ACK,
  attribute,
  attributesOf,
  message,
  NETLINK_NETFILTER,
  nested,
  put32,
  REQUEST,
  REQUEST_DUMP,
} from './netlink.js';
import { Asking } from './netlink-asking.js';
import { generic } from './nfnetlink.js';

const SUBSYSTEM = 1;
const NEW = 0;
const GET = 1;
const DELETE = 2;
/** struct nfgenmsg. */
const FLOW_HEADER = 4;
const UDP = 17;
/** Of the kernel's attributes and flags. */
const ct = {
  original: 1,
  reply: 2,
  filter: 25,
  ip: 1,
  proto: 2,
  number: 1,
  port: 3,
  byNumber: 1 << 3,
} as const;
const families = { 4: 2, 6: 10 } as const;

/** Whether the host remembers any connection: it does where rules of somebody's need to know of them, and not else. */
export function tracksConnections(): boolean {
  try {
    return readFileSync('/proc/sys/net/netfilter/nf_conntrack_count', 'utf8').trim() !== '0';
  } catch {
    return false; // a kernel, or a host, without
  }
}

/** Whom somebody asked, and who answers him. */
export interface UdpFlow {
  readonly family: 4 | 6;
  readonly to: Buffer;
  readonly port: number;
  readonly answering: Buffer;
}

/** The next packet of each that is `stale` is looked at as a first one. Throws `host-command` where the kernel tells of none. */
export function forgetUdpFlows(stale: (flow: UdpFlow) => boolean): void {
  using asking = new Asking(NETLINK_NETFILTER, 'which flows it knows');
  for (const family of [4, 6] as const)
    for (const { flow, original } of flowsOf(asking, family))
      if (stale(flow)) asking.ask(deletion(family, original), () => true); // it may have ended by itself meanwhile
}

interface Known {
  readonly flow: UdpFlow;
  /** What tells it from others. */
  readonly original: Buffer;
}

function flowsOf(asking: Asking, family: 4 | 6): Known[] {
  const flags = Buffer.alloc(4);
  put32(flags, ct.byNumber, 0);
  // A kernel before 5.8 tells of other protocols, too.
  const ofUdp = nested(ct.original, nested(ct.proto, attribute(ct.number, Buffer.from([UDP]))));
  const body = Buffer.concat([generic(families[family]), ofUdp, nested(ct.filter, attribute(1, flags))]);
  return asking.dump(message(typeOf(GET), REQUEST_DUMP, body), typeOf(NEW), (flow) => flowIn(flow, family));
}

function flowIn(body: Buffer, family: 4 | 6): Known[] {
  const original = within(body.subarray(FLOW_HEADER), ct.original);
  const reply = within(body.subarray(FLOW_HEADER), ct.reply);
  const [source, target] = family === 4 ? [1, 2] : [3, 4];
  const asked = within(original, ct.ip, target);
  const answering = within(reply, ct.ip, source);
  const port = within(original, ct.proto, ct.port);
  if (within(original, ct.proto, ct.number)?.[0] !== UDP) return [];
  if (original === undefined || asked === undefined || answering === undefined || port === undefined)
    return [];
  return [{ flow: { family, to: asked, port: port.readUInt16BE(0), answering }, original }];
}

/** An attribute of an attribute, and so on. */
function within(bytes: Buffer | undefined, ...[wanted, ...rest]: readonly number[]): Buffer | undefined {
  if (bytes === undefined || wanted === undefined) return bytes;
  return within(attributesOf(bytes, 0, bytes.length, [wanted])[0]?.value, ...rest);
}

const deletion = (family: 4 | 6, original: Buffer): Buffer =>
  message(
    typeOf(DELETE),
    REQUEST | ACK,
    Buffer.concat([generic(families[family]), nested(ct.original, original)]),
  );

const typeOf = (what: number): number => (SUBSYSTEM << 8) | what;
