// TLS with certificates on both sides; the server's first byte says whether it accepts the client's.
// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { RpcError } from '../errors.js';
import type { Dial, DialOptions } from './dialer.js';
import { whenReady } from './socket.js';
import type { ConnectionUri } from './uri.js';

const defaultPort = 16_514;
const accepted = 1;

async function readFirst(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8');
    } catch {
      // Absent or not ours to read: the next place may have it.
    }
  }
  return undefined;
}

/** Certificates where libvirt's client looks: `?pkipath=`, then the user's, then the system's. */
async function certificates(uri: ConnectionUri): Promise<{ ca?: string; cert?: string; key?: string }> {
  const folder = uri.options.get('pkipath');
  const user = join(homedir(), '.pki/libvirt');
  const places = (system: string, name: string) =>
    folder === undefined ? [join(user, name), join('/etc/pki', system, name)] : [join(folder, name)];
  const ca = await readFirst(places('CA', 'cacert.pem'));
  const cert = await readFirst(places('libvirt', 'clientcert.pem'));
  const key = await readFirst([
    ...places('libvirt/private', 'clientkey.pem'),
    ...places('libvirt', 'private/clientkey.pem'),
  ]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function verdict(socket: TLSSocket, place: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: RpcError) => {
      socket.off('readable', read);
      socket.off('close', lost);
      socket.off('error', lost);
      signal?.removeEventListener('abort', abort);
      if (error === undefined) return resolve();
      socket.destroy();
      reject(error);
    };
    const lost = (cause?: unknown) => {
      const detail = cause instanceof Error ? `: ${cause.message}` : '';
      finish(new RpcError('connect', `${place} refused the client's certificate${detail}`));
    };
    const read = () => {
      const byte: unknown = socket.read(1);
      if (!Buffer.isBuffer(byte)) return;
      finish(byte[0] === accepted ? undefined : new RpcError('connect', `${place} refused the client`));
    };
    const abort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('readable', read);
    socket.on('close', lost);
    socket.on('error', lost);
  });
}

/** Connects to port 16514 unless the URI names one; `connect` where either side refuses the other's certificate. */
export const dialTls: Dial = async (uri, { tls, signal }: DialOptions) => {
  const host = uri.host ?? 'localhost';
  const port = uri.port ?? defaultPort;
  const place = `${host}:${port}`;
  const isVerified = uri.options.get('no_verify') !== '1';
  const socket = connect({
    host,
    port,
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: isVerified,
    ...(tls ?? (await certificates(uri))),
  });
  socket.setNoDelay(true).setKeepAlive(true);
  await whenReady(socket, 'secureConnect', place, signal);
  await verdict(socket, place, signal);
  return socket;
};
