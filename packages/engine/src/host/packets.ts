// Frames that go out by a link as they are, of this process's network.
// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { endianness } from 'node:os';
import koffi from 'koffi';
import { check } from './syscalls.js';

const libc = koffi.load(null);
const cSocket = libc.func('int socket(int, int, int)');
const cSendTo = libc.func('long sendto(int, const void *, size_t, int, const void *, unsigned int)');

const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const DONT_WAIT = 0x40;
/** struct sockaddr_ll, and where in it the link is. */
const ADDRESS_BYTES = 20;
const LINK = 4;

/** The socket takes nothing in, since it is of no protocol. */
export function sendFrames(link: number, frames: readonly Buffer[]): void {
  const address = Buffer.alloc(ADDRESS_BYTES);
  const isLittle = endianness() === 'LE';
  if (isLittle) address.writeUInt16LE(AF_PACKET, 0);
  else address.writeUInt16BE(AF_PACKET, 0);
  if (isLittle) address.writeInt32LE(link, LINK);
  else address.writeInt32BE(link, LINK);
  const fd = check(cSocket(AF_PACKET, SOCK_RAW_CLOEXEC, 0), 'socket', 'a link');
  try {
    for (const frame of frames)
      check(cSendTo(fd, frame, frame.length, DONT_WAIT, address, address.length), 'sendto', `link ${link}`);
  } finally {
    closeSync(fd);
  }
}
