// The HTTP socket with clients that connect and say nothing, or half of it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { Gate } from '@ctvirt/rpc';
import { serve } from '../testing/serve.js';

const dial = async (path: string): Promise<Socket> => {
  const socket = connect({ path }).on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
};

test('silent clients and half requests are closed in time, and others are served meanwhile', async (t) => {
  const gate = new Gate({ silentMs: 200, mostSilent: 20, most: 40 });
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
  const gate = new Gate({ silentMs: 100 });
  const { client } = await serve(t, undefined, { gate });
  const controller = new AbortController();
  const lines = await client.events.watch({}, { signal: controller.signal });
  const first = lines[Symbol.asyncIterator]()
    .next()
    .catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(gate.count, 1);
  controller.abort();
  await first;
});
