// Addresses this host has, asked of the kernel by netlink: also on links that have no carrier yet.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { EngineError } from '../errors.js';

const libc = koffi.load(null);
const cSocket = libc.func('int socket(int, int, int)');
const cSend = libc.func('long send(int, void *, size_t, int)');
const cReceive = libc.func('long recv(int, void *, size_t, int)');
const cIndex = libc.func('unsigned int if_nametoindex(const char *)');

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NEW_ADDRESS = 20;
const GET_ADDRESS = 22;
const NEW_ROUTE = 24;
const GET_ROUTE = 26;
const REQUEST = 1;
const REQUEST_DUMP = 0x301;
const HEADER = 16;
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

const isLittle = endianness() === 'LE';
const get16 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
const get32 = (bytes: Buffer, at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));

/** 4 or 16 bytes each. */
export function addressesOn(links: Iterable<string>): Buffer[] {
  const indexes = new Set([...links].map((name): number => cIndex(name)));
  const found: Buffer[] = [];
  ask(requestOf(GET_ADDRESS, REQUEST_DUMP, Buffer.alloc(ADDRESS_HEADER)), (messages) =>
    readAddresses(messages, indexes, found),
  );
  return found;
}

/** Whether the host delivers to itself what is sent there; what no route leads to is not its own. */
export function isOwnAddress(address: Buffer): boolean {
  const body = Buffer.alloc(ROUTE_HEADER + 4 + address.length);
  body[0] = address.length === 4 ? AF_INET : AF_INET6;
  body[1] = 8 * address.length;
  new Uint16Array(body.buffer, body.byteOffset + ROUTE_HEADER, 2).set([4 + address.length, ROUTE_TO]);
  address.copy(body, ROUTE_HEADER + 4);
  let isOwn = false;
  ask(requestOf(GET_ROUTE, REQUEST, body), (messages) => {
    isOwn = get16(messages, 4) === NEW_ROUTE && messages.readUInt8(HEADER + ROUTE_TYPE) === LOCAL_ROUTE;
    return true; // an error says that no route leads there
  });
  return isOwn;
}

function requestOf(type: number, flags: number, body: Buffer): Buffer {
  const request = Buffer.concat([Buffer.alloc(HEADER), body]);
  const head = new DataView(request.buffer, request.byteOffset, HEADER);
  head.setUint32(0, request.length, isLittle);
  head.setUint16(4, type, isLittle);
  head.setUint16(6, flags, isLittle);
  return request;
}

/** Hands on what the kernel answers until `read` says that it was all. */
function ask(request: Buffer, read: (messages: Buffer) => boolean): void {
  const fd: number = cSocket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) throw failure();
  try {
    if (cSend(fd, request, request.length, 0) < 0) throw failure();
    const answer = Buffer.alloc(1 << 16);
    for (;;) {
      const length = Number(cReceive(fd, answer, answer.length, 0));
      if (length <= 0) throw failure();
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
    if (type === NLMSG_ERROR) throw refusal(getSystemErrorName(get32(messages, start) | 0));
    if (type !== NEW_ADDRESS) continue;
    if (!indexes.has(get32(messages, start + 4))) continue;
    const values = new Map<number, Buffer>();
    for (const one of parts(messages, start + ADDRESS_HEADER, end, 4))
      values.set(one.type, Buffer.from(messages.subarray(one.at + 4, one.end)));
    const own = values.get(attributes.local) ?? values.get(attributes.address);
    if (own !== undefined) found.push(own);
  }
  return false;
}

/** Messages have lengths of 32 bits, attributes lengths of 16; both their type after it, and both fill whole words. */
function* parts(bytes: Buffer, from: number, to: number, header: 16 | 4) {
  for (let at = from; at + header <= to; ) {
    const length = header === HEADER ? get32(bytes, at) : get16(bytes, at);
    if (length < header) return;
    yield { at, end: Math.min(at + length, to), type: get16(bytes, at + (header === HEADER ? 4 : 2)) };
    at += Math.ceil(length / 4) * 4;
  }
}

const failure = (): EngineError => refusal(getSystemErrorName(-koffi.errno()));

const refusal = (errno: string): EngineError =>
  new EngineError('host-command', `the kernel does not tell the addresses of links: ${errno}`, { errno });
