// What a link of the host is, asked of the kernel by netlink.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import {
  ATTRIBUTE_HEADER,
  attribute,
  get32,
  HEADER,
  message,
  openNetlink,
  parts,
  REQUEST,
  receive,
  send,
} from './netlink.js';

const NETLINK_ROUTE = 0;
const NEW_LINK = 16;
const GET_LINK = 18;
const LINK_HEADER = 16;
const numbers = { mac: 1, name: 3, mtu: 4, info: 18, kind: 1 } as const;

/** What the kernel says of a link. */
export interface LinkKind {
  /** 'bridge', 'veth' and the like; undefined of what no driver makes on demand. */
  readonly kind: string | undefined;
  /** Two hexadecimal digits each, with colons. */
  readonly mac: string;
  readonly mtu: number;
}

/** Undefined where there is none of this name. */
export function linkKind(name: string): LinkKind | undefined {
  const fd = openNetlink(NETLINK_ROUTE);
  if (fd < 0) return undefined;
  try {
    const wanted = [Buffer.alloc(LINK_HEADER), attribute(numbers.name, Buffer.from(`${name}\0`))];
    const answer = Buffer.alloc(1 << 16);
    if (!send(fd, message(GET_LINK, REQUEST, Buffer.concat(wanted)))) return undefined;
    const length = receive(fd, answer);
    const [first] = parts(answer, 0, length, HEADER);
    if (first?.type !== NEW_LINK) return undefined;
    const values = attributesIn(answer, first.at + HEADER + LINK_HEADER, first.end);
    const info = values.get(numbers.info) ?? Buffer.alloc(0);
    const mtu = values.get(numbers.mtu);
    return {
      mtu: mtu === undefined ? 0 : get32(mtu, 0),
      kind: attributesIn(info, 0, info.length).get(numbers.kind)?.toString().replace(/\0$/, ''),
      mac: [...(values.get(numbers.mac) ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    };
  } finally {
    closeSync(fd);
  }
}

function attributesIn(bytes: Buffer, from: number, to: number): Map<number, Buffer> {
  const values = new Map<number, Buffer>();
  for (const { at, end, type } of parts(bytes, from, to, ATTRIBUTE_HEADER))
    values.set(type, bytes.subarray(at + ATTRIBUTE_HEADER, end));
  return values;
}
