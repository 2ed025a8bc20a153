// How many clients each of the daemon's sockets has room for, so that all of them together never use up its open files.
// SPDX-License-Identifier: Apache-2.0
import { openFilesLimit } from '@ctvirt/engine';
import { Gate } from '@ctvirt/rpc';
import type { Settings } from './settings.js';

/** Of eight sockets and ports at most; an exec session takes six files more. The rest is left for the containers. */
const SHARE_OF_SOCKET = 1 / 16;

/** The room of one socket. */
export function gateOf(
  { max_clients, max_anonymous_clients }: Pick<Settings, 'max_clients' | 'max_anonymous_clients'>,
  openFiles: number = openFilesLimit(),
): Gate {
  const most = Math.max(1, Math.min(max_clients, Math.floor(openFiles * SHARE_OF_SOCKET)));
  const mostSilent = Math.max(1, Math.min(max_anonymous_clients, Math.ceil(most / 2)));
  return new Gate({ most, mostOfPeer: Math.ceil(most / 2), mostSilent });
}
