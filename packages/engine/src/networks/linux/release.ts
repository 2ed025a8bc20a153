// Ends leases of IPv6 for machines that are off, as each would itself: the next that starts may ask by another name.
// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram';
import { addressBytes } from '../../host/address-bytes.js';
import type { HeldLease } from '../contract/plan.js';

const SERVERS = 'ff02::1:2';
const SERVER_PORT = 547;
const RELEASE = 8;
const options = { client: 1, server: 2, lease: 3, address: 5 } as const;

function option(number: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(number);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

const bytesOf = (duid: string): Buffer => Buffer.from(duid.replaceAll(':', ''), 'hex');

/** What a client sends that is done with it. */
export function releaseMessage(
  { address, clientId = '', iaid = '' }: Pick<HeldLease, 'address' | 'clientId' | 'iaid'>,
  server: string,
): Buffer {
  const times = Buffer.alloc(8);
  const id = Buffer.alloc(4);
  id.writeUInt32BE(Number(iaid));
  return Buffer.concat([
    Buffer.from([RELEASE, 0, 0, 1]),
    option(options.client, bytesOf(clientId)),
    option(options.server, bytesOf(server)),
    option(
      options.lease,
      Buffer.concat([id, times, option(options.address, Buffer.concat([addressBytes(address), times]))]),
    ),
  ]);
}

/** Resolves when all are sent, or cannot be: then they stand until they run out, or the next time. */
export async function release(
  bridge: string,
  leases: readonly HeldLease[],
  server: string | undefined,
): Promise<void> {
  if (leases.length === 0 || server === undefined) return;
  const socket = createSocket('udp6');
  try {
    for (const lease of leases)
      await new Promise<void>((resolve) =>
        socket.send(releaseMessage(lease, server), SERVER_PORT, `${SERVERS}%${bridge}`, () => resolve()),
      );
  } finally {
    socket.close();
  }
}
