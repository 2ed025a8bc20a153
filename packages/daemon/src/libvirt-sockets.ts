// Where libvirt's protocol is served: unix sockets always, libvirt's own default ones, TCP and TLS if settings say so.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { EngineError, type Layout, requireTrusted } from '@ctvirt/engine';
import { type Acceptor, type Listener, listenTcp, listenTls, listenUnix, RpcError } from '@ctvirt/rpc';
import type { Logger } from 'pino';
import { gateOf } from './clients.js';
import { userOf } from './peer.js';
import { readKey, readPem } from './pem.js';
import { accountId, type Settings } from './settings.js';

const defaultSocket = '/run/libvirt/libvirt-sock';

/** Opens all listeners the settings ask for, or none. */
export async function openListeners(
  server: Acceptor,
  layout: Layout,
  settings: Settings,
  log: Logger,
): Promise<Listener[]> {
  if (settings.listen_tcp === 1 && settings.auth_tcp !== 'none')
    throw new EngineError(
      'invalid',
      'listen_tcp would let in everyone who reaches the port: use listen_tls, or say auth_tcp = "none" if that is wanted',
    );
  const listeners: Listener[] = [];
  try {
    for (const path of [layout.libvirtSocket, layout.libvirtReadOnlySocket])
      listeners.push(await listenUnix(server, unixOptions(path, settings)));
    if (settings.libvirt_default_sockets === 1)
      listeners.push(...(await openDefaults(server, settings, log)));
    const host = settings.listen_addr;
    if (settings.listen_tcp === 1)
      listeners.push(await listenTcp(server, { host, port: settings.tcp_port, gate: gateOf(settings) }));
    if (settings.listen_tls === 1) {
      const gate = gateOf(settings);
      const files = certificates(settings, log);
      listeners.push(await listenTls(server, { host, port: settings.tls_port, gate, ...files }));
    }
    return listeners;
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error instanceof RpcError ? new EngineError('busy', error.message, {}, { cause: error }) : error;
  }
}

function unixOptions(path: string, settings: Settings) {
  const readOnly = path.endsWith('-ro');
  const permissions = readOnly ? settings.unix_sock_ro_perms : settings.unix_sock_rw_perms;
  return {
    path,
    readOnly,
    mode: Number.parseInt(permissions, 8),
    uid: accountId('passwd', settings.unix_sock_owner),
    gid: accountId('group', settings.unix_sock_group),
    gate: gateOf(settings),
    peerOf,
  };
}

/** Root can stop the daemon anyway, and needs no limit of its own. */
function peerOf(socket: Socket): string | undefined {
  const uid = userOf(socket);
  return uid === 0 ? undefined : String(uid);
}

/** A libvirtd that listens there keeps its sockets. */
async function openDefaults(server: Acceptor, settings: Settings, log: Logger): Promise<Listener[]> {
  const folder = dirname(defaultSocket);
  requireTrusted(folder);
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o755);
  try {
    const first = await listenUnix(server, unixOptions(defaultSocket, settings));
    return [first, await listenUnix(server, unixOptions(`${defaultSocket}-ro`, settings))];
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    log.warn(`libvirt's default sockets stay with who has them: ${error.message}`);
    return [];
  }
}

function certificates(settings: Settings, log: Logger) {
  const { tls_allowed_names: allowedNames, key_file } = settings;
  const key = readKey(key_file, log);
  return {
    ca: readPem(settings.ca_file),
    cert: readPem(settings.cert_file),
    key,
    ...(allowedNames.length > 0 && { allowedNames }),
  };
}
