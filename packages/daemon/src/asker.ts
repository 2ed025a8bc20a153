// Who asks, in words: for those who look later at what was done.
// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { programName, userName } from '@ctvirt/engine';
import type { ClientInfo } from '@ctvirt/rpc';
import type { SessionView } from './http/door.js';
import { processOf, userOf } from './peer.js';

interface HttpRequest {
  readonly visitor: { readonly session: SessionView | undefined } | undefined;
  readonly raw: { readonly socket: Duplex };
}

/** What others call a browser's session. */
export const wordsOf = ({ id, role }: SessionView): string => `web session ${id} (${role})`;

/** Over HTTP it is a session of a browser, or a program of this machine: undefined once that has left. */
export function askerOf({ visitor, raw: { socket } }: HttpRequest): string | undefined {
  if (visitor?.session !== undefined) return wordsOf(visitor.session);
  if (!(socket instanceof Socket) || socket.remoteAddress !== undefined) return undefined;
  const [pid, uid] = [processOf(socket), userOf(socket)];
  if (pid === undefined || uid === undefined) return undefined;
  return `${programName(pid) ?? 'a program'} (process ${pid} of ${userName(uid) ?? `user ${uid}`})`;
}

/** Over libvirt's protocol it may be one of another. */
export function askerOfClient({ origin: { transport, peer } }: Pick<ClientInfo, 'origin'>): string {
  return `a client of libvirt (${[transport, peer].filter((part) => part !== undefined).join(' ')})`;
}
