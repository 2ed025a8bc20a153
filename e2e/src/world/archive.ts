// The way to Debian's archive for a daemon that has no network: a proxy on the host, reached through a socket file.
// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { Enclosure } from './enclosure.js';

const port = 3142;
/** What the daemon is to be given as `http_proxy`. */
export const archiveProxy = `http://127.0.0.1:${port}`;

/** Runs inside; a socket file, unlike an address, is the same in every network. */
const relay = `
const { connect, createServer } = require('node:net');
createServer((client) => {
  const host = connect(process.argv[1]);
  for (const one of [client, host]) one.on('error', () => [client, host].forEach((each) => each.destroy()));
  client.pipe(host).pipe(client);
}).listen(${port}, '127.0.0.1', () => process.stdout.write('ready'));
`;

export class ArchiveAccess {
  private constructor(
    private readonly server: Server,
    private readonly relay: ChildProcess,
  ) {}

  /** Until it is closed, what asks `archiveProxy` in the enclosure is answered by way of the host's network. */
  static async open(enclosure: Enclosure, socket: string): Promise<ArchiveAccess> {
    const server = createServer((asked, answer) => {
      const upstream = process.env['http_proxy'];
      const { method, headers, url = '' } = asked;
      const forwarded =
        upstream === undefined
          ? request(url, { method, headers })
          : request(upstream, { method, headers, path: url });
      forwarded.on('response', (found) => {
        answer.writeHead(found.statusCode ?? 502, found.headers);
        found.pipe(answer);
      });
      forwarded.on('error', (error) => answer.writeHead(502, error.message).end());
      asked.pipe(forwarded);
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const [file = '', ...args] = enclosure.argv(process.execPath, '--eval', relay, socket);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return new ArchiveAccess(server, child);
  }

  async close(): Promise<void> {
    const gone = once(this.relay, 'exit');
    this.relay.kill();
    await gone;
    this.server.closeAllConnections();
    this.server.close();
  }
}
