// Clients of the HTTP socket: so many at once, and none that says nothing or stops in the middle of a request.
// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { type Gate, peerAt, type Seat } from '@ctvirt/rpc';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from '../loopback.js';
import type { Door } from './door.js';

/** How many clients there may be, and how long a silent one is borne with. */
export interface ClientRules {
  readonly gate: Gate;
  /** How long a client may pause within a document; an archive comes from a pipe that may be slow. */
  readonly bodyTimeoutMs?: number;
}

/**
 * Lets clients in by the rules; returns the door with the gate before it. Who has not shown that he may come in shares the few places of
 * those that have said nothing, and makes room for the next. A session stays a client of the gate's until its connection ends.
 */
export function admitClients(
  app: FastifyInstance,
  { gate, bodyTimeoutMs = 60_000 }: ClientRules,
  door: Door,
): Door {
  const seats = new Map<unknown, Seat>();
  app.server.prependListener('connection', (socket: Socket) => {
    const end = endOf(socket);
    const seat = gate.admit(socket, peerOf(socket));
    if (seat === undefined) return;
    seats.set(end, seat);
    socket.once('close', () => seats.delete(end));
  });
  app.addHook('onRequest', async ({ raw }) => {
    const { headers, socket } = raw;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody || headers['content-type'] === 'application/octet-stream') return;
    // Node closes a connection that is idle for so long.
    socket.setTimeout(bodyTimeoutMs);
    raw.once('end', () => socket.setTimeout(0));
  });
  app.addHook('preClose', async () => gate.dismissSilent());
  return {
    ...door,
    admit(request, wish) {
      const seat = seats.get(endOf(request.socket));
      try {
        const visitor = door.admit(request, wish);
        if (wish.role === 'anyone') seat?.doubt();
        else seat?.settle();
        return visitor;
      } catch (refusal) {
        seat?.doubt();
        throw refusal;
      }
    },
  };
}

/** On this host one has as many addresses as one likes. */
const peerOf = ({ remoteAddress: address }: Socket): string | undefined =>
  address === undefined || isLoopback(address) ? undefined : peerAt(address);

/** The other end of a connection, which is another socket's by the time that TLS is spoken. */
const endOf = (socket: Socket): unknown =>
  socket.remoteAddress === undefined ? socket : `${socket.remoteAddress} ${socket.remotePort}`;
