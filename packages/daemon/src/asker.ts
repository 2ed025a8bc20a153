// Who asks, in words: for those who look later at what was done.
// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import { processName } from '@ctvirt/engine';
import type { ClientInfo } from '@ctvirt/rpc';
import type { FastifyRequest } from 'fastify';
import { processOf, userOf } from './peer.js';

/** Over HTTP it is a program of this machine: undefined once it has left. */
export function askerOf({ raw: { socket } }: FastifyRequest): string | undefined {
  if (!(socket instanceof Socket) || socket.remoteAddress !== undefined) return undefined;
  const [pid, uid] = [processOf(socket), userOf(socket)];
  if (pid === undefined || uid === undefined) return undefined;
  return `${processName(pid) ?? 'a program'} (process ${pid} of ${uid === 0 ? 'root' : `user ${uid}`})`;
}

/** Over libvirt's protocol it may be one of another. */
export function askerOfClient({ origin: { transport, peer } }: Pick<ClientInfo, 'origin'>): string {
  return `a client of libvirt (${[transport, peer].filter((part) => part !== undefined).join(' ')})`;
}
