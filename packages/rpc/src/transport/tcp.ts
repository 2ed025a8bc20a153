// Plain TCP, for trusted networks only.
// SPDX-License-Identifier: Apache-2.0
import type { Dial } from './dialer.js';
import { dialSocket, whenReady } from './socket.js';

const defaultPort = 16_509;

/** Connects to port 16509 unless the URI names one; nothing is encrypted, nobody proves who they are. */
export const dialTcp: Dial = (uri, { signal }) => {
  const host = uri.host ?? 'localhost';
  const port = uri.port ?? defaultPort;
  const socket = dialSocket({ host, port, noDelay: true, keepAlive: true });
  return whenReady(socket, 'connect', `${host}:${port}`, signal);
};
