// Netlink's sockets and the form of its messages, whichever part of the kernel is asked.
// SPDX-License-Identifier: Apache-2.0
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

const libc = koffi.load(null);
const cSocket = libc.func('int socket(int, int, int)');
const cSend = libc.func('long send(int, void *, size_t, int)');
const cReceive = libc.func('long recv(int, void *, size_t, int)');

const cSetOption = libc.func('int setsockopt(int, int, int, const int *, unsigned int)');
const Program = koffi.struct('ctvirt_socket_filter', { len: 'uint16', filter: 'void *' });
const cAttach = libc.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(Program), 'uint']);
const Vector = koffi.struct('ctvirt_netlink_iovec', { base: 'void *', length: 'size_t' });
const Message = koffi.struct('ctvirt_netlink_msghdr', {
  name: 'void *',
  nameLength: 'uint',
  vectors: koffi.pointer(Vector),
  vectorCount: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});
const cReceiveMessage = libc.func('recvmsg', 'long', ['int', koffi.pointer(Message), 'int']);
const cBind = libc.func('int bind(int, void *, unsigned int)');
const cOwnName = libc.func('int getsockname(int, void *, _Inout_ unsigned int *)');

const SOL_NETLINK = 270;
const ADD_MEMBERSHIP = 1;
const SOL_SOCKET = 1;
const ATTACH_FILTER = 26;
const RECEIVE_BUFFER_FORCE = 33;
/** Half of it is the kernel's own for each message. */
const WIDE_BUFFER = 4 << 20;
/** Of classic BPF: reads 16 bits of the message, compares them, and says how much of it is kept. */
const LOAD_16 = 0x28;
const JUMP_IF_EQUAL = 0x15;
const ANSWER = 0x06;
/** Also what happens in other networks of which this one has a number. */
const LISTEN_ALL = 8;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;

/** The parts of the kernel that are asked. */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** Message type of an error or an acknowledgement. */
export const NLMSG_ERROR = 2;
/** Message type of the end of an answer of many. */
export const NLMSG_DONE = 3;
/** Flag of every request. */
export const REQUEST = 1;
/** Flag of one whose answer says whether it was done. */
export const ACK = 4;
/** Flags of one that asks for all there are. */
export const REQUEST_DUMP = 0x301;
/** Flag of an attribute's type, as is that of the order of its bytes. */
const NESTED = 0x8000;
const ATTRIBUTE_TYPE = 0x3fff;
/** Of a message, and of an attribute. */
export const HEADER = 16;
/** Bytes of an attribute's header. */
export const ATTRIBUTE_HEADER = 4;

const isLittle = endianness() === 'LE';
/** Reads 16 bits in the host's byte order, which netlink uses. */
export const get16 = (bytes: Buffer, at: number): number =>
  isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
/** Reads 32 bits in the host's byte order. */
export const get32 = (bytes: Buffer, at: number): number =>
  isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
const put16 = (bytes: Buffer, value: number, at: number): number =>
  isLittle ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
export const put32 = (bytes: Buffer, value: number, at: number): number =>
  isLittle ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);

/** The name of what the last call here failed of. */
export const failure = (): string => getSystemErrorName(-koffi.errno());

/** Negative where there is none to be had. */
export const openNetlink = (protocol: number): number => cSocket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);

/** Whether the kernel tells this socket what it tells these groups; one without a number it tells nothing. */
export function join(fd: number, groups: readonly number[]): boolean {
  const anyNumber = Buffer.alloc(12);
  anyNumber.writeUInt8(AF_NETLINK, endianness() === 'LE' ? 0 : 1);
  const joined = (group: number): boolean => cSetOption(fd, SOL_NETLINK, ADD_MEMBERSHIP, [group], 4) === 0;
  return cBind(fd, anyNumber, anyNumber.length) === 0 && groups.every(joined);
}

/** struct sock_filter: what is done, where to if it is so and if not, with which number. */
function instruction(code: number, isSo: number, isNot: number, k: number): Buffer {
  const bytes = Buffer.alloc(8);
  put16(bytes, code, 0);
  bytes.writeUInt8(isSo, 2);
  bytes.writeUInt8(isNot, 3);
  put32(bytes, k, 4);
  return bytes;
}

/** From now on the socket gets messages of this type alone, and keeps some thousand of them until they are taken. */
export function receiveOnly(fd: number, type: number): boolean {
  // The filter reads as the network does.
  const swapped = isLittle ? Buffer.from(Uint16Array.of(type).buffer).readUInt16BE() : type;
  const filter = Buffer.concat([
    instruction(LOAD_16, 0, 0, 4),
    instruction(JUMP_IF_EQUAL, 0, 1, swapped),
    instruction(ANSWER, 0, 0, 0xffffffff),
    instruction(ANSWER, 0, 0, 0),
  ]);
  return (
    cAttach(fd, SOL_SOCKET, ATTACH_FILTER, { len: filter.length / 8, filter }, koffi.sizeof(Program)) === 0 &&
    cSetOption(fd, SOL_SOCKET, RECEIVE_BUFFER_FORCE, [WIDE_BUFFER], 4) === 0
  );
}

/** The socket's number, by which the kernel tells whose change one was. */
export function numberOf(fd: number): number {
  const address = Buffer.alloc(12);
  cOwnName(fd, address, [address.length]);
  return get32(address, 4);
}

/** Whether the kernel took it; it has answered by then. */
export const send = (fd: number, request: Buffer): boolean => cSend(fd, request, request.length, 0) >= 0;

/** The next answer's length in `answer`; negative where there is none. */
export const receive = (fd: number, answer: Buffer, flags = 0): number =>
  Number(cReceive(fd, answer, answer.length, flags));

/** From now on the socket hears of other networks, too, and `receiveFrom` tells which. */
export const listenEverywhere = (fd: number): boolean =>
  cSetOption(fd, SOL_NETLINK, LISTEN_ALL, [1], 4) === 0;

/** The same as `receive`, with this network's number for the one where it happened; undefined where that is this one itself. */
export function receiveFrom(
  fd: number,
  answer: Buffer,
  flags = 0,
): { readonly length: number; readonly network: number | undefined } {
  // struct cmsghdr is a length of a whole word, two numbers, and here a third one.
  const control = Buffer.alloc(64);
  const message = {
    name: null,
    nameLength: 0,
    vectors: { base: answer, length: answer.length },
    vectorCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  };
  const length = Number(cReceiveMessage(fd, message, flags));
  const isTold = get32(control, 8) === SOL_NETLINK && get32(control, 12) === LISTEN_ALL;
  return { length, network: isTold ? get32(control, 16) : undefined };
}

/** Returns a message with its header. */
export function message(type: number, flags: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(HEADER);
  put32(bytes, HEADER + body.length, 0);
  put16(bytes, type, 4);
  put16(bytes, flags, 6);
  return Buffer.concat([bytes, body]);
}

/** Returns an attribute with its header, padded to 4 bytes. */
export function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(ATTRIBUTE_HEADER + Math.ceil(value.length / 4) * 4);
  put16(bytes, ATTRIBUTE_HEADER + value.length, 0);
  put16(bytes, type, 2);
  value.copy(bytes, ATTRIBUTE_HEADER);
  return bytes;
}

/** Returns an attribute that is made of attributes. */
export const nested = (type: number, ...values: readonly Buffer[]): Buffer =>
  attribute(type | NESTED, Buffer.concat(values));

/** The errno's name that a message of type NLMSG_ERROR tells; undefined where it tells of none. */
export function refusalOfMessage(bytes: Buffer, at: number): string | undefined {
  const error = get32(bytes, at + HEADER) | 0;
  return error === 0 ? undefined : getSystemErrorName(error);
}

/**
 * Messages have lengths of 32 bits, attributes and the hops of a route lengths of 16; the first two their type after it, and all
 * fill whole words.
 */
export function* parts(
  bytes: Buffer,
  from: number,
  to: number,
  header: number,
): Generator<{ at: number; end: number; type: number }> {
  for (let at = from; at + header <= to; ) {
    const length = header === HEADER ? get32(bytes, at) : get16(bytes, at);
    if (length < header) return;
    yield { at, end: Math.min(at + length, to), type: get16(bytes, at + (header === HEADER ? 4 : 2)) };
    at += Math.ceil(length / 4) * 4;
  }
}

/** One attribute of a message. */
export interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

/** Of some types, or of all, without the flags of these. */
export function attributesOf(
  bytes: Buffer,
  from: number,
  to: number,
  wanted?: readonly number[],
): Attribute[] {
  const found: Attribute[] = [];
  for (const { at, end, type: flagged } of parts(bytes, from, to, ATTRIBUTE_HEADER)) {
    const type = flagged & ATTRIBUTE_TYPE;
    if (wanted === undefined || wanted.includes(type))
      found.push({ type, value: Buffer.from(bytes.subarray(at + ATTRIBUTE_HEADER, end)) });
  }
  return found;
}
