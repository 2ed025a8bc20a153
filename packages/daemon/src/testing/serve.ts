// A daemon in memory on a unix socket of its own, and a client of it, for the length of one test.
// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApiClient } from '@ctvirt/api/node';
import { strictClient } from '@ctvirt/api/testing';
import { pino } from 'pino';
import type { ClientRules } from '../http/clients.js';
import { createHttpApp } from '../http/server.js';
import { type MemoryEngine, memoryEngine } from './memory-engine.js';

export interface Served {
  readonly client: ApiClient;
  readonly engine: MemoryEngine;
  readonly socketPath: string;
  close(): Promise<void>;
}

export async function serve(test: TestContext, given?: MemoryEngine, clients?: ClientRules): Promise<Served> {
  const engine = given ?? (await memoryEngine(test));
  const folder = await mkdtemp(join(tmpdir(), 'ctvirt-http-'));
  const socketPath = join(folder, 'http.sock');
  const app = createHttpApp(engine, pino({ level: 'silent' }), clients);
  await app.listen({ path: socketPath });
  const client = strictClient({ socketPath });
  const close = async () => {
    client.close();
    await app.close();
  };
  test.after(async () => {
    await close();
    await rm(folder, { recursive: true });
  });
  return { client, engine, socketPath, close };
}
