// Warnings that the engine logs while it does what a client asked for: they are the client's as well as the log's.
// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import { formatRemarks, remarksHeader } from '@ctvirt/api';
import type { EngineLog } from '@ctvirt/engine';
import type { FastifyReply } from 'fastify';

/** What a request has heard; nothing more once it is answered, whatever it began goes on in its context. */
interface Hearing {
  remarks: string[] | undefined;
}

const hearings = new AsyncLocalStorage<Hearing>();

/** A log whose warnings are heard by the request that they belong to. */
export const hearing =
  (log: EngineLog): EngineLog =>
  (level, message, fields) => {
    if (level === 'warn') hearings.getStore()?.remarks?.push(message);
    log(level, message, fields);
  };

/** Runs what answers a request; the answer's head then tells what was remarked meanwhile. */
export async function remarking<T>(reply: FastifyReply, answer: () => T | Promise<T>): Promise<T> {
  const remarks: string[] = [];
  const own: Hearing = { remarks };
  try {
    const result = await hearings.run(own, answer);
    const told = formatRemarks(remarks);
    if (told !== undefined) reply.header(remarksHeader, told);
    return result;
  } finally {
    own.remarks = undefined;
  }
}
