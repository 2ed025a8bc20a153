// Who is at the other end of a unix socket.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { peerOf } from '@ctvirt/engine';

/** The user's number; undefined once the connection has ended. */
export const userOf = (socket: Socket): number | undefined => peer(socket)?.uid;

/** The process that connected, likewise. */
export const processOf = (socket: Socket): number | undefined => peer(socket)?.pid;

/** Node keeps the descriptor to itself, but under this name for ever. */
function peer(socket: Socket): ReturnType<typeof peerOf> | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? peerOf(handle.fd) : undefined;
}
