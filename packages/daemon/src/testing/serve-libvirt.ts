// libvirt's protocol over the engine in memory, on sockets of its own, and clients of it, for the length of one test.
// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { layoutOf } from '@ctvirt/engine';
import { type Connection, connect } from '@ctvirt/rpc';
import { pino } from 'pino';
import { type LibvirtService, serveLibvirt } from '../libvirt.js';
import { parseSettings } from '../settings.js';
import { engineFolder, type MemoryEngine, openOverMemory } from './memory-engine.js';

export interface ServedLibvirt {
  readonly engine: MemoryEngine;
  readonly socket: string;
  readonly readOnlySocket: string;
  /** Where it listens, in the order of its settings. */
  readonly places: readonly string[];
  /** Connects as a client of that URI scheme does; by default one that sees all domains. */
  connect(options?: { scheme?: string; readOnly?: boolean }): Promise<Connection>;
}

export async function serveLibvirtInMemory(test: TestContext, settings = ''): Promise<ServedLibvirt> {
  const folder = engineFolder();
  const layout = layoutOf(folder);
  const engine = await openOverMemory(folder);
  const connections: Connection[] = [];
  let service: LibvirtService | undefined;
  // Also when nothing is served: refused settings must leave no folder.
  test.after(async () => {
    for (const connection of connections) await connection.close();
    await service?.close();
    await engine.close();
    await rm(folder, { recursive: true });
  });
  service = await serveLibvirt(engine, layout, parseSettings(settings, 'test'), pino({ level: 'silent' }));
  const { libvirtSocket: socket, libvirtReadOnlySocket: readOnlySocket } = layout;
  return {
    engine,
    socket,
    readOnlySocket,
    places: service.places,
    async connect({ scheme = 'ctvirt', readOnly = false } = {}) {
      const path = readOnly ? readOnlySocket : socket;
      const connection = await connect(`${scheme}+unix:///system?socket=${path}`);
      connections.push(connection);
      return connection;
    },
  };
}

/** Resolves with the number and text of libvirt's error; rejects if there is none. */
export async function libvirtErrorOf(call: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'details' in error) {
      const { details, message } = error as Error & { details?: { code: number } };
      if (details !== undefined) return { code: details.code, message };
    }
    throw error;
  }
  throw new Error('the call was not refused');
}
