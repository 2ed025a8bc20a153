// A connection of libvirt's protocol that is cut at a procedure of the client's: before the server hears of it, or when it has it.
// SPDX-License-Identifier: Apache-2.0
import { relaying } from './relay.js';

export interface Cut {
  /** By its number. */
  readonly procedure: number;
  /** Whether the server gets the call, and how long it has for it; its answer does not arrive. */
  readonly afterMs: number | undefined;
}

/** Where a procedure's number stands in a frame, behind length, program and version. */
const PROCEDURE_AT = 12;

/** Listens on one socket for clients of another. */
export async function cutting(
  path: string,
  server: string,
  { procedure, afterMs }: Cut,
): Promise<AsyncDisposable> {
  return await relaying(path, server, (client, beyond, end) => {
    beyond.pipe(client);
    let waiting = Buffer.alloc(0);
    client.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length > PROCEDURE_AT + 4 && waiting.length >= waiting.readUInt32BE(0)) {
        const frame = waiting.subarray(0, waiting.readUInt32BE(0));
        waiting = waiting.subarray(frame.length);
        const isIt = frame.readUInt32BE(PROCEDURE_AT) === procedure;
        if (isIt && afterMs === undefined) return end();
        beyond.write(frame);
        if (!isIt) continue;
        beyond.unpipe(client);
        setTimeout(end, afterMs);
      }
    });
  });
}
