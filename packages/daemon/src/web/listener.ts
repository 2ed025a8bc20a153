// The ports of browsers: bound while somebody may come in, and told whose they are if not ours.
// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { EngineError, holderOf } from '@ctvirt/engine';
import type { FastifyInstance } from 'fastify';

/** Has an app answer at all of these addresses, or at none; throws `in-use` with who is there already. Closing the app ends it. */
export async function listenAt(
  app: FastifyInstance,
  addresses: readonly string[],
  port: number,
): Promise<void> {
  const [first = '', ...others] = addresses;
  // A browser that went to sleep says nothing, and its session is none that is used.
  app.server.on('connection', (socket: Socket) => socket.setKeepAlive(true, 60_000));
  const more: Server[] = [];
  app.addHook('preClose', async () => {
    for (const server of more) server.close();
  });
  try {
    await app.listen({ host: first, port });
    for (const address of others) {
      // Its connections are the app's, which counts and closes them with its own.
      const server = createServer((socket) => void app.server.emit('connection', socket));
      if (await isBound(server, address, port)) more.push(server);
    }
  } catch (error) {
    await app.close();
    throw isCode(error, 'EADDRINUSE') ? refusal(port, error) : error;
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function refusal(port: number, cause: unknown): EngineError {
  const holder = holderOf(port) ?? 'somebody who has gone by now';
  return new EngineError(
    'in-use',
    `port ${port} of this host is in use by ${holder}: stop that, or name another place with web_listen in ctvirtd.conf`,
    {},
    { cause },
  );
}

/** False on a host that has no such address, such as one without IPv6. */
function isBound(server: Server, address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (isCode(error, 'EADDRNOTAVAIL') || isCode(error, 'EAFNOSUPPORT')) resolve(false);
      else reject(error);
    });
    server.listen({ host: address, port, ipv6Only: true }, () => resolve(true));
  });
}
