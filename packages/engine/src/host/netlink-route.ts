// Questions about links, addresses and routes to the kernel.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { type Attribute, attributesOf, message, NETLINK_ROUTE, REQUEST_DUMP } from './netlink.js';
import { Asking } from './netlink-asking.js';

const asking = (): Asking => new Asking(NETLINK_ROUTE, 'links and their addresses');

/** Hands on what the kernel answers until `read` says that it was all. */
export function ask(request: Buffer, read: (messages: Buffer) => boolean): void {
  using socket = asking();
  socket.ask(request, read);
}

/** What is read from each of all things of a kind; none where this kernel knows no such things. `more` is what else is asked, and what is read of an answer. */
export function dump<Item>(
  request: number,
  answer: number,
  header: number,
  read: (head: Buffer, body: readonly Attribute[]) => readonly Item[],
  more: { readonly asked?: Buffer; readonly wanted?: readonly number[] } = {},
): Item[] {
  using socket = asking();
  const body = Buffer.concat([Buffer.alloc(header), more.asked ?? Buffer.alloc(0)]);
  try {
    return socket.dump(message(request, REQUEST_DUMP, body), answer, (one) =>
      read(one.subarray(0, header), attributesOf(one, header, one.length, more.wanted)),
    );
  } catch (error) {
    if (error instanceof EngineError && error.errno === 'EOPNOTSUPP') return [];
    throw error;
  }
}
