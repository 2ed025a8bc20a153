// All transports of the client, by the name they have in URIs.
// SPDX-License-Identifier: Apache-2.0
import type { Dial } from './dialer.js';
import { dialExt, dialSsh } from './process.js';
import { dialTcp } from './tcp.js';
import { dialTls } from './tls.js';
import { dialUnix } from './unix.js';
import type { TransportName } from './uri.js';

/** Opens a connection, by the transport that a URI names. */
export const dialers: Readonly<Record<TransportName, Dial>> = {
  unix: dialUnix,
  tcp: dialTcp,
  tls: dialTls,
  ssh: dialSsh,
  ext: dialExt,
};
