// Clients that read slowly, and those that leave while they are answered: nothing of them stays behind.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as others, setTimeout as sleep } from 'node:timers/promises';
import { until } from '@ctvirt/api/testing';
import type { FastifyRequest } from 'fastify';
import { pino } from 'pino';
import { type MemoryEngine, memoryEngine, sampleXml } from '../testing/memory-engine.js';
import { serve } from '../testing/serve.js';
import { createHttpApp } from './server.js';

/** A list that only its reader ends, and whether it was. */
async function endlessUsage(
  t: TestContext,
): Promise<{ engine: MemoryEngine; told: () => number; over: Promise<void> }> {
  const engine = await memoryEngine(t);
  await engine.define(sampleXml('web'));
  const { value: usage } = await engine.eachUsage()[Symbol.asyncIterator]().next();
  assert.ok(usage);
  let [told, end] = [0, (): void => undefined];
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  engine.eachUsage = async function* () {
    try {
      for (;;) {
        told++;
        yield usage;
      }
    } finally {
      end();
    }
  };
  return { engine, told: () => told, over };
}

async function askForRows(socketPath: string): Promise<IncomingMessage> {
  const call = request({ socketPath, path: '/v1/usage', headers: { accept: 'application/x-ndjson' } }).end();
  const [answer] = await once(call, 'response');
  return answer;
}

test('a list waits for who reads it slowly, listens to him once, and ends when he leaves', async (t) => {
  const { engine, told, over } = await endlessUsage(t);
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const { socketPath } = await serve(t, engine);
  const answer = await askForRows(socketPath);
  let bytes = 0;
  for await (const piece of answer) {
    bytes += piece.length;
    if (bytes > 8 * 1024 * 1024) break;
    await others();
  }
  await over;
  const atEnd = told();
  await sleep(50);
  assert.equal(told(), atEnd);
  assert.deepEqual(warnings, []);
});

test('who leaves without reading a list has ended it', async (t) => {
  const { engine, told, over } = await endlessUsage(t);
  const { socketPath } = await serve(t, engine);
  const answer = await askForRows(socketPath);
  let before = -1;
  while (before !== told()) {
    before = told();
    await sleep(50);
  }
  answer.destroy();
  await over;
});

test('a line that is longer than what may lie unread reaches who reads', async (t) => {
  const engine = await memoryEngine(t);
  const { client } = await serve(t, engine);
  const leaving = new AbortController();
  const events = await client.events.watch({}, { signal: leaving.signal });
  // Twice as long in JSON.
  const title = '"'.repeat(3 * 1024 * 1024);
  const told = (async () => {
    for await (const line of events) if (line.event !== 'gap') return line.domain.title?.length;
    return undefined;
  })();
  await engine.define(sampleXml('long').replace('</name>', `</name><title>${title}</title>`));
  assert.equal(await told, title.length);
  leaving.abort();
});

test('who has left before events are told to him is told none', async (t) => {
  const engine = await memoryEngine(t);
  const folder = await mkdtemp(join(tmpdir(), 'ctvirt-http-'));
  const app = createHttpApp(engine, pino({ level: 'silent' }));
  const leave = { now: (): void => undefined };
  app.addHook('preHandler', async ({ raw }: FastifyRequest) => {
    const left = once(raw.socket, 'close');
    leave.now();
    await left;
  });
  let answered = (): void => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const { onEvent } = engine;
  engine.onEvent = (listener) => {
    answered();
    return onEvent(listener);
  };
  await app.listen({ path: join(folder, 'http.sock') });
  t.after(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });
  const call = request({ socketPath: join(folder, 'http.sock'), path: '/v1/events' });
  call.on('error', () => undefined).end();
  leave.now = () => call.destroy();
  await isAnswered;
  await until(() => engine.listeners() === 0, 'somebody listens');
});
