// The server's side of transports: sockets that hand their connections to a server.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { RpcError } from '../errors.js';
import type { ClientOrigin } from '../server/handlers.js';
import { Gate } from './gate.js';

/** What a listener needs to know of a server. */
export interface Acceptor {
  /** `opened` is to be called when the client has opened its connection. */
  accept(socket: Socket, origin: ClientOrigin, opened?: () => void): void;
}

/** A socket that accepts connections; `close` leaves those that have opened theirs alone. */
export interface Listener {
  /** Path of a unix socket, else `address:port`. */
  readonly place: string;
  /** Port of a TCP or TLS listener, 0 for a unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

interface Gated {
  /** Who is let in; a gate of its own by default. */
  gate?: Gate | undefined;
}

/** Where a unix socket is to be, whose it is, and who may use it. */
export interface UnixListenOptions extends Gated {
  path: string;
  /** Tells whose connections are counted together. */
  peerOf?: ((socket: Socket) => string | undefined) | undefined;
  /** A socket whose clients may only read. */
  readOnly?: boolean;
  /** Permission bits; by default the owner's alone. */
  mode?: number;
  uid?: number;
  gid?: number;
}

/** An address of this host and a port; 0 takes one that is free, which the listener tells. */
export interface TcpListenOptions extends Gated {
  host: string;
  port: number;
}

/** TLS that asks clients for certificates signed by `ca`, and refuses others. */
export interface TlsListenOptions extends TcpListenOptions {
  ca: string;
  cert: string;
  key: string;
  /** Subjects let in, by common name; by default all that `ca` has signed. */
  allowedNames?: readonly string[];
  /** How long a client may take for it. */
  handshakeTimeoutMs?: number;
}

const acceptedByte = Buffer.from([1]);

function started(server: Server, place: string, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new RpcError('connect', `cannot listen on ${place}: ${cause.message}`, { cause }));
    });
    server.once('listening', resolve);
    listen();
  });
}

function listener(server: Server, place: string, gate: Gate): Listener {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    place: port === 0 ? place : `${place.replace(/:\d+$/, '')}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        gate.dismissSilent();
      }),
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Removes the socket a daemon that is gone has left behind; refuses when one answers, or when it is no socket. */
async function clearStale(path: string): Promise<void> {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (!existing.isSocket()) throw new RpcError('connect', `${path} exists and is no socket: remove it`);
  if (await answers(path)) throw new RpcError('connect', `another daemon listens on ${path}`);
  unlinkSync(path);
}

/** Listens on a unix socket that is closed to others until its permissions are set. */
export async function listenUnix(server: Acceptor, options: UnixListenOptions): Promise<Listener> {
  const { path, readOnly = false, mode = 0o600, uid = -1, gid = -1, gate = new Gate(), peerOf } = options;
  await clearStale(path);
  const socket = createServer((connection) => {
    const seat = gate.admit(connection, peerOf?.(connection));
    if (seat !== undefined) server.accept(connection, { transport: 'unix', readOnly }, seat.settle);
  });
  await started(socket, path, () => {
    // bind() happens within listen(), so the mask covers exactly the creation of the socket.
    const mask = process.umask(0o177);
    try {
      socket.listen(path);
    } finally {
      process.umask(mask);
    }
  });
  if (uid !== -1 || gid !== -1) chownSync(path, uid, gid);
  chmodSync(path, mode);
  return listener(socket, path, gate);
}

/** Lets a connection in by its peer's address; whoever has an IPv6 address has the other 2⁶⁴ beside it. */
function admitted(gate: Gate, socket: Socket): (() => void) | undefined {
  const peer = peerAt(socket.remoteAddress ?? '');
  return gate.admit(socket.setNoDelay(true).setKeepAlive(true, 60_000), peer)?.settle;
}

/** What a gate calls who comes from there. */
export function peerAt(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1];
  return mapped ?? (isIPv6(address) ? networkOf(address) : address);
}

function networkOf(address: string): string {
  const [before = '', after] = (address.split('%')[0] ?? '').split('::');
  const words = before.split(':').filter((word) => word !== '');
  const missing = after === undefined ? 0 : 4 - words.length;
  return [...words, ...Array.from({ length: Math.max(0, missing) }, () => '0')].slice(0, 4).join(':');
}

/** Listens on plain TCP: without authentication, everyone who reaches the port is let in. */
export async function listenTcp(server: Acceptor, options: TcpListenOptions): Promise<Listener> {
  const { host, port, gate = new Gate() } = options;
  const socket = createServer((connection) => {
    const { remoteAddress: peer } = connection;
    const opened = admitted(gate, connection);
    if (opened !== undefined) server.accept(connection, { transport: 'tcp', readOnly: false, peer }, opened);
  });
  await started(socket, `${host}:${port}`, () => socket.listen(port, host));
  return listener(socket, `${host}:${port}`, gate);
}

/** Listens on TLS; clients without an accepted certificate never reach the server. */
export async function listenTls(server: Acceptor, options: TlsListenOptions): Promise<Listener> {
  const { host, port, ca, cert, key, allowedNames, gate = new Gate(), handshakeTimeoutMs = 10_000 } = options;
  const settings: TlsOptions = {
    ca,
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    // In 1.3 session tickets follow the handshake, which no option of Node leaves out: libvirt's clients, which wait for the byte alone,
    // read nothing then and give up. Node 24 sends them by themselves; before, they came in one packet with the byte as a rule.
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTimeoutMs,
  };
  // By the client's address and port, which the secured connection has as well.
  const waiting = new Map<string, () => void>();
  const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  const tls = createTlsServer(settings, (connection) => {
    const peer = connection.getPeerCertificate().subject?.CN;
    const name = Array.isArray(peer) ? peer[0] : peer;
    if (!connection.authorized || (allowedNames !== undefined && !allowedNames.includes(name ?? '')))
      return void connection.destroy();
    // The byte tells the client that its certificate was accepted; frames follow it.
    connection.write(acceptedByte);
    server.accept(
      connection,
      { transport: 'tls', readOnly: false, peer: name },
      waiting.get(placeOf(connection)),
    );
  });
  // Node tells of handshakes that fail or take too long, and leaves their sockets open.
  tls.on('tlsClientError', (_error, connection) => connection.destroy());
  const socket = createServer((connection) => {
    const opened = admitted(gate, connection);
    if (opened === undefined) return;
    const place = placeOf(connection);
    waiting.set(place, opened);
    connection.once('close', () => waiting.delete(place));
    tls.emit('connection', connection);
  });
  await started(socket, `${host}:${port}`, () => socket.listen(port, host));
  return listener(socket, `${host}:${port}`, gate);
}
