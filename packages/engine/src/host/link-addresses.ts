// Addresses this host has, asked of the kernel by netlink: also on links that have no carrier yet.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import { linkIndex } from './links.js';
import {
  ATTRIBUTE_HEADER,
  attribute,
  failure,
  get16,
  get32,
  HEADER,
  message,
  NLMSG_ERROR,
  openNetlink,
  parts,
  REQUEST,
  receive,
  refusalOfMessage,
  send,
} from './netlink.js';

const NETLINK_ROUTE = 0;
const NLMSG_DONE = 3;
const NEW_ADDRESS = 20;
const GET_ADDRESS = 22;
const NEW_ROUTE = 24;
const GET_ROUTE = 26;
const REQUEST_DUMP = 0x301;
const ADDRESS_HEADER = 8;
/** struct rtmsg, and where in it the type of the route is. */
const ROUTE_HEADER = 12;
const ROUTE_TYPE = 7;
const ROUTE_TO = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const LOCAL_ROUTE = 2;
/** Where a link has another end, the first is that one's. */
const attributes = { address: 1, local: 2 } as const;

/** 4 or 16 bytes each. */
export function addressesOn(links: Iterable<string>): Buffer[] {
  const indexes = new Set([...links].map(linkIndex));
  const found: Buffer[] = [];
  ask(message(GET_ADDRESS, REQUEST_DUMP, Buffer.alloc(ADDRESS_HEADER)), (messages) =>
    readAddresses(messages, indexes, found),
  );
  return found;
}

/** Whether the host delivers to itself what is sent there; what no route leads to is not its own. */
export function isOwnAddress(address: Buffer): boolean {
  const head = Buffer.alloc(ROUTE_HEADER);
  head[0] = address.length === 4 ? AF_INET : AF_INET6;
  head[1] = 8 * address.length;
  const body = Buffer.concat([head, attribute(ROUTE_TO, address)]);
  let isOwn = false;
  ask(message(GET_ROUTE, REQUEST, body), (messages) => {
    isOwn = get16(messages, 4) === NEW_ROUTE && messages.readUInt8(HEADER + ROUTE_TYPE) === LOCAL_ROUTE;
    return true; // an error says that no route leads there
  });
  return isOwn;
}

/** Hands on what the kernel answers until `read` says that it was all. */
function ask(request: Buffer, read: (messages: Buffer) => boolean): void {
  const fd = openNetlink(NETLINK_ROUTE);
  if (fd < 0) throw untold(failure());
  try {
    if (!send(fd, request)) throw untold(failure());
    const answer = Buffer.alloc(1 << 16);
    for (;;) {
      const length = receive(fd, answer);
      if (length <= 0) throw untold(failure());
      if (read(answer.subarray(0, length))) return;
    }
  } finally {
    closeSync(fd);
  }
}

/** Whether these messages were the last ones. */
function readAddresses(messages: Buffer, indexes: ReadonlySet<number>, found: Buffer[]): boolean {
  for (const { at, end, type } of parts(messages, 0, messages.length, HEADER)) {
    const start = at + HEADER;
    if (type === NLMSG_DONE) return true;
    if (type === NLMSG_ERROR) throw untold(refusalOfMessage(messages, at) ?? 'no answer');
    if (type !== NEW_ADDRESS) continue;
    if (!indexes.has(get32(messages, start + 4))) continue;
    const values = new Map<number, Buffer>();
    for (const one of parts(messages, start + ADDRESS_HEADER, end, ATTRIBUTE_HEADER))
      values.set(one.type, Buffer.from(messages.subarray(one.at + ATTRIBUTE_HEADER, one.end)));
    const own = values.get(attributes.local) ?? values.get(attributes.address);
    if (own !== undefined) found.push(own);
  }
  return false;
}

const untold = (errno: string): EngineError =>
  new EngineError('host-command', `the kernel does not tell the addresses of links: ${errno}`, { errno });
