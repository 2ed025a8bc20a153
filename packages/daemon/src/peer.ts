// Who is at the other end of a unix socket.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { peerUid } from '@ctvirt/engine';

/** The user's number; undefined once the connection has ended. Node keeps the descriptor to itself, but under this name for ever. */
export function userOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? peerUid(handle.fd) : undefined;
}
