// Clients of the HTTP socket: so many at once, and none that says nothing or stops in the middle of a request.
// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Gate } from '@ctvirt/rpc';
import type { FastifyInstance } from 'fastify';

/** How many clients there may be, and how long a silent one is borne with. */
export interface ClientRules {
  readonly gate: Gate;
  /** How long a client may pause within a document; an archive comes from a pipe that may be slow. */
  readonly bodyTimeoutMs?: number;
}

/** Lets clients in by the rules. An exec session stays a client of the gate's until its connection ends. */
export function admitClients(app: FastifyInstance, { gate, bodyTimeoutMs = 60_000 }: ClientRules): void {
  const waiting = new Map<unknown, () => void>();
  const settle = ({ socket }: IncomingMessage): void => waiting.get(endOf(socket))?.();
  app.server.prependListener('connection', (socket: Socket) => {
    const end = endOf(socket);
    const seat = gate.admit(socket);
    if (seat === undefined) return;
    waiting.set(end, seat.settle);
    socket.once('close', () => waiting.delete(end));
  });
  app.server.on('upgrade', settle);
  app.addHook('onRequest', async ({ raw }) => {
    settle(raw);
    const { headers, socket } = raw;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody || headers['content-type'] === 'application/octet-stream') return;
    // Node closes a connection that is idle for so long.
    socket.setTimeout(bodyTimeoutMs);
    raw.once('end', () => socket.setTimeout(0));
  });
  app.addHook('preClose', async () => gate.dismissSilent());
}

/** The other end of a connection, which is another socket's by the time that TLS is spoken. */
const endOf = (socket: Socket): unknown =>
  socket.remoteAddress === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
