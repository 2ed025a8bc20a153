// What a transport is to the client.
// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream';
import type { ConnectionUri } from './uri.js';

/** How to reach the daemon, beyond what the URI says. */
export interface DialOptions {
  readOnly: boolean;
  signal?: AbortSignal | undefined;
  /** Certificates for TLS as PEM text; by default libvirt's places below /etc/pki are read. */
  tls?:
    | { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean }
    | undefined;
}

/** Opens the byte stream that frames travel on. */
export type Dial = (uri: ConnectionUri, options: DialOptions) => Promise<Duplex>;
