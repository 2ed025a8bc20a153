// The HTTP socket with clients that connect and say nothing, or half of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { until } from '@ctvirt/api/testing';
import { Gate } from '@ctvirt/rpc';
import { pino } from 'pino';
import { memoryEngine } from '../testing/memory-engine.js';
import { serve } from '../testing/serve.js';
import { createHttpApp } from './server.js';

const dial = async (path: string): Promise<Socket> => {
  const socket = connect({ path }).on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
};

test('silent clients and half requests are closed in time, and others are served meanwhile', async (t) => {
  const gate = new Gate({ silentMs: 1000, mostSilent: 20, most: 40 });
  const { client, socketPath } = await serve(t, undefined, { gate, bodyTimeoutMs: 200 });
  const head =
    'POST /v1/domains HTTP/1.1\r\nhost: x\r\ncontent-type: application/xml\r\ncontent-length: 100\r\n';
  const texts = ['', 'GET /v1/domains HT', `${head}\r\n<domain`, head];
  const closed: Promise<unknown>[] = [];
  for (let count = 0; count < 100; count++) {
    const socket = await dial(socketPath);
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.write(texts[count % texts.length] ?? '');
    assert.ok(gate.count <= 40, `${gate.count} connections`);
    if (count % 20 === 0) assert.deepEqual(await client.domains.list({}), []);
  }
  await Promise.all(closed);
});

test('a client that has asked stays, and its sessions count', async (t) => {
  const gate = new Gate({ silentMs: 2000 });
  const { client } = await serve(t, undefined, { gate });
  const controller = new AbortController();
  const lines = await client.events.watch({}, { signal: controller.signal });
  const first = lines[Symbol.asyncIterator]()
    .next()
    .catch(() => undefined);
  // It would be closed by then.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.equal(gate.count, 1);
  controller.abort();
  await first;
});

test('so does one that speaks TLS', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const gate = new Gate({ silentMs: 2000 });
  const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const app = createHttpApp(await memoryEngine(t), pino({ level: 'silent' }), { gate }, { tls });
  t.after(() => app.close());
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connectTls({ port: Number(port), rejectUnauthorized: false }).setEncoding('utf8');
  let text = '';
  socket.on('data', (part: string) => (text += part)).on('error', () => undefined);
  const ask = () => socket.write('GET /v1/domains HTTP/1.1\r\nhost: x\r\n\r\n');
  const answers = (): number => text.match(/HTTP\/1\.1 200 /g)?.length ?? 0;
  ask();
  await until(() => answers() === 1, 'it is not answered');
  await new Promise((resolve) => setTimeout(resolve, 2500));
  ask();
  await until(() => answers() === 2, 'it is not answered any more');
  socket.destroy();
});
