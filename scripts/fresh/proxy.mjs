// A way to the registries for a machine without routes: an HTTP proxy that listens inside and asks from outside.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

export const proxyPort = 3128;

/** Run inside: listens, and hands the listening socket to its parent, which stays in the host's network; then it ends, lest it take calls. */
const listener = `
const server = require('node:net').createServer();
server.listen(${proxyPort}, '127.0.0.1', () => process.send('listening', server, () => process.exit()));
`;

/** @typedef {{ close: () => void }} Proxy */

/**
 * `enter` is the argv that enters the machine's network.
 *
 * @param {readonly string[]} enter
 * @returns {Promise<Proxy>}
 */
export async function openProxy(enter) {
  const proxy = createServer(forward);
  proxy.on('connect', tunnel);
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  proxy.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const [file, ...args] = [...enter, process.execPath, '--eval', listener];
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code !== 0) reject(new Error(`the listener of the proxy ended with status ${code}`));
    });
    // The one thing that it sends.
    child.on('message', (_, server) => proxy.listen(server, () => resolve(undefined)));
  });
  return {
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * A plain request, as apt sends it: the whole address in the first line.
 *
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ServerResponse} answer
 */
function forward(incoming, answer) {
  const fail = () => {
    answer.writeHead(502);
    answer.end();
  };
  let target;
  try {
    target = new URL(incoming.url ?? '');
  } catch {
    fail();
    return;
  }
  const { 'proxy-connection': _, ...headers } = incoming.headers;
  const outgoing = request(target, { method: incoming.method, headers }, (found) => {
    answer.writeHead(found.statusCode ?? 502, found.headers);
    found.pipe(answer);
  });
  outgoing.on('error', fail);
  answer.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/**
 * A connection to be passed on as it is, as npm asks for one.
 *
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:stream').Duplex} socket
 * @param {Buffer} head
 */
function tunnel(incoming, socket, head) {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(incoming.url ?? '') ?? [];
  const onwards = connect({ host: host ?? '', port: Number(port ?? 0) }, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    onwards.write(head);
    onwards.pipe(socket).pipe(onwards);
  });
  onwards.on('error', () => socket.destroy());
  socket.on('error', () => onwards.destroy());
}
