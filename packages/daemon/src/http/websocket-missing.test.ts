// A daemon whose package for WebSockets cannot be loaded says so to who asks for one, and goes on.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { register } from 'node:module';
import { type TestContext, test } from 'node:test';
import { sessionProtocol } from '@ctvirt/api';
import { pino } from 'pino';
import { memoryEngine } from '../testing/memory-engine.js';
import { createHttpApp } from './server.js';

const hooks = `export async function resolve(name, context, next) {
  if (name === 'ws') throw new Error('it is not there');
  return await next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

async function serve(t: TestContext): Promise<string> {
  const app = createHttpApp(await memoryEngine(t), pino({ level: 'silent' }));
  t.after(() => app.close());
  return await app.listen({ host: '127.0.0.1', port: 0 });
}

/** The status of the answer, and its code. */
function asked(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers }, async (answer) => {
      const body: unknown = JSON.parse(Buffer.concat(await answer.toArray()).toString());
      resolve(
        `${answer.statusCode} ${body !== null && typeof body === 'object' && Reflect.get(body, 'code')}`,
      );
    });
    call.on('error', reject).end();
  });
}

test('who asks for a WebSocket that cannot be made is told, and nobody else hears of it', async (t) => {
  const url = await serve(t);
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-protocol': sessionProtocol,
  };
  assert.equal(await asked(`${url}/v1/domains/web/exec`, headers), '500 internal');
  assert.equal(await asked(`${url}/v1/domains/web`, {}), '404 not-found');
});
