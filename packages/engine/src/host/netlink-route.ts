// Questions about links, addresses and routes to the kernel, and its answers of any length.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { EngineError } from '../errors.js';
import {
  ATTRIBUTE_HEADER,
  failure,
  HEADER,
  message,
  NLMSG_ERROR,
  openNetlink,
  parts,
  receive,
  refusalOfMessage,
  send,
} from './netlink.js';

const NETLINK_ROUTE = 0;
const NLMSG_DONE = 3;
const REQUEST_DUMP = 0x301;

/** Hands on what the kernel answers until `read` says that it was all. */
export function ask(request: Buffer, read: (messages: Buffer) => boolean): void {
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

/** One attribute of a message. */
export interface Attribute {
  readonly type: number;
  readonly value: Buffer;
}

/** Of some types, or of all. */
export function attributesOf(
  bytes: Buffer,
  from: number,
  to: number,
  wanted?: readonly number[],
): Attribute[] {
  const found: Attribute[] = [];
  for (const { at, end, type } of parts(bytes, from, to, ATTRIBUTE_HEADER))
    if (wanted === undefined || wanted.includes(type))
      found.push({ type, value: Buffer.from(bytes.subarray(at + ATTRIBUTE_HEADER, end)) });
  return found;
}

/** What is read from each of all things of a kind; none where this kernel knows no such things. `more` is what else is asked, and what is read of an answer. */
export function dump<Item>(
  request: number,
  answer: number,
  header: number,
  read: (head: Buffer, body: readonly Attribute[]) => readonly Item[],
  more: { readonly asked?: Buffer; readonly wanted?: readonly number[] } = {},
): Item[] {
  const found: Item[] = [];
  ask(
    message(request, REQUEST_DUMP, Buffer.concat([Buffer.alloc(header), more.asked ?? Buffer.alloc(0)])),
    (messages) => {
      for (const { at, end, type } of parts(messages, 0, messages.length, HEADER)) {
        const start = at + HEADER;
        if (type === NLMSG_DONE) return true;
        if (type === NLMSG_ERROR) {
          const errno = refusalOfMessage(messages, at);
          if (errno === 'EOPNOTSUPP') return true;
          throw untold(errno ?? 'no answer');
        }
        if (type !== answer) continue;
        const head = messages.subarray(start, start + header);
        found.push(...read(head, attributesOf(messages, start + header, end, more.wanted)));
      }
      return false;
    },
  );
  return found;
}

const untold = (errno: string): EngineError =>
  new EngineError(
    'host-command',
    `the kernel does not tell links and their addresses: ${errno}`,
    {},
    { errno },
  );
