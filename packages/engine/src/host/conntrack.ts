// Flows of UDP that the kernel remembers: where one leads is settled by its first packet, and it has no end but silence.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import {
  ATTRIBUTE_HEADER,
  attribute,
  failure,
  HEADER,
  message,
  NLMSG_ERROR,
  openNetlink,
  parts,
  put32,
  REQUEST,
  receive,
  refusalOfMessage,
  send,
} from './netlink.js';
import { attributesOf } from './netlink-route.js';

const NETLINK_NETFILTER = 12;
const NLMSG_DONE = 3;
const REQUEST_DUMP = 0x301;
const ACK = 4;
const SUBSYSTEM = 1;
const GET = 1;
const DELETE = 2;
const NESTED = 0x8000;
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

/** Whom somebody asked, and who answers him. */
export interface UdpFlow {
  readonly family: 4 | 6;
  readonly to: Buffer;
  readonly port: number;
  readonly answering: Buffer;
}

/** The next packet of each that is `stale` is looked at as a first one. Throws `host-command` where the kernel tells of none. */
export function forgetUdpFlows(stale: (flow: UdpFlow) => boolean): void {
  const fd = openNetlink(NETLINK_NETFILTER);
  if (fd < 0) throw untold(failure());
  try {
    for (const family of [4, 6] as const)
      for (const { flow, original } of flowsOf(fd, family)) if (stale(flow)) forget(fd, family, original);
  } finally {
    closeSync(fd);
  }
}

interface Known {
  readonly flow: UdpFlow;
  /** What tells it from others. */
  readonly original: Buffer;
}

function flowsOf(fd: number, family: 4 | 6): Known[] {
  const flags = Buffer.alloc(4);
  put32(flags, ct.byNumber, 0);
  // A kernel before 5.8 tells of other protocols, too.
  const ofUdp = attribute(ct.proto | NESTED, attribute(ct.number, Buffer.from([UDP])));
  const request = message(
    (SUBSYSTEM << 8) | GET,
    REQUEST_DUMP,
    Buffer.concat([
      generic(family),
      attribute(ct.original | NESTED, ofUdp),
      attribute(ct.filter | NESTED, attribute(1, flags)),
    ]),
  );
  if (!send(fd, request)) throw untold(failure());
  const found: Known[] = [];
  const answer = Buffer.alloc(1 << 16);
  for (;;) {
    const length = receive(fd, answer);
    if (length <= 0) throw untold(failure());
    for (const { at, end, type } of parts(answer, 0, length, HEADER)) {
      if (type === NLMSG_DONE) return found;
      if (type === NLMSG_ERROR) throw untold(refusalOfMessage(answer, at) ?? 'an error');
      const known = flowIn(answer, at + HEADER + 4, end, family);
      if (known !== undefined) found.push(known);
    }
  }
}

function flowIn(bytes: Buffer, from: number, to: number, family: 4 | 6): Known | undefined {
  const tuples = new Map(
    attributesOf(bytes, from, to).map(({ type, value }) => [type & ~NESTED, value] as const),
  );
  const original = tuples.get(ct.original);
  const reply = tuples.get(ct.reply);
  if (original === undefined || reply === undefined) return undefined;
  const [source, target] = family === 4 ? [1, 2] : [3, 4];
  const asked = partOf(original, ct.ip, target);
  const answering = partOf(reply, ct.ip, source);
  const port = partOf(original, ct.proto, ct.port);
  if (partOf(original, ct.proto, ct.number)?.[0] !== UDP) return undefined;
  if (asked === undefined || answering === undefined || port === undefined) return undefined;
  return { flow: { family, to: asked, port: port.readUInt16BE(0), answering }, original };
}

/** Of a part of a tuple one of its attributes. */
function partOf(tuple: Buffer, part: number, wanted: number): Buffer | undefined {
  const whole = attributesOf(tuple, 0, tuple.length).find(({ type }) => (type & ~NESTED) === part)?.value;
  if (whole === undefined) return undefined;
  return attributesOf(whole, 0, whole.length).find(({ type }) => (type & ~NESTED) === wanted)?.value;
}

/** It may have ended by itself meanwhile. */
function forget(fd: number, family: 4 | 6, original: Buffer): void {
  const body = Buffer.concat([generic(family), attribute(ct.original | NESTED, original)]);
  if (!send(fd, message((SUBSYSTEM << 8) | DELETE, REQUEST | ACK, body))) throw untold(failure());
  receive(fd, Buffer.alloc(ATTRIBUTE_HEADER << 10));
}

const generic = (family: 4 | 6): Buffer => Buffer.from([families[family], 0, 0, 0]);

const untold = (errno: string): EngineError =>
  new EngineError('host-command', `the kernel does not tell which flows it knows: ${errno}`, {}, { errno });
