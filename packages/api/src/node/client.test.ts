// The client against servers that are no ctvirtd, or die in the middle.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ApiError, type ApiErrorCode } from '../errors.js';
import { type ApiClient, createClient } from './index.js';

async function clientOf(
  t: TestContext,
  server: Pick<Server, 'listen' | 'address' | 'close'>,
): Promise<ApiClient> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = createClient({ baseUrl: `http://127.0.0.1:${address.port}` });
  t.after(() => {
    client.close();
    server.close();
  });
  return client;
}

/** A server that gives every request the same answer. */
const answering = (t: TestContext, status: number, body: string): Promise<ApiClient> =>
  clientOf(
    t,
    createServer((request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    }),
  );

async function codeOf(call: Promise<unknown>): Promise<ApiErrorCode | undefined> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error === undefined || error instanceof ApiError, String(error));
  return error?.code;
}

test('an answer that is not as the contract says is refused', async (t) => {
  for (const body of ['', '<html>', 'null', '[{}]', '[{"name":1}]', '{"a":']) {
    const client = await answering(t, 200, body);
    assert.equal(await codeOf(client.domains.list()), 'bad-answer', body);
  }
  assert.deepEqual(await (await answering(t, 200, '[]')).domains.list(), []);
});

test('a daemon that ends before it answers was there', async (t) => {
  const client = await clientOf(
    t,
    createServer(({ socket }) => socket.destroy()),
  );
  const start = client.domains.start({ domain: 'web' });
  await assert.rejects(start, { code: 'unreachable', message: /ended before it answered/ });
});

test('members of a later version pass', async (t) => {
  const client = await answering(t, 200, '{"name":"ctvirtd","version":"9","capabilities":["x"],"more":true}');
  assert.equal((await client.host.version()).version, '9');
});

test('an error with a foreign body or code still has a message', async (t) => {
  for (const body of [
    '',
    'Bad Gateway',
    '{}',
    '{"code":"brand-new","message":"m"}',
    '{"code":1,"message":2}',
  ]) {
    const client = await answering(t, 502, body);
    assert.equal(await codeOf(client.domains.list()), 'internal', body);
  }
});

test('progress that ends without a result is an error', async (t) => {
  const progress = '{"progress":{"phase":"x","done":1}}\n';
  const body = { source: '/x' };
  for (const [text, code] of [
    [progress, 'bad-answer'],
    [`${progress}{"result":{}}\n`, 'bad-answer'],
    [`${progress}{"error":{"code":"no-space","message":"full"}}\n`, 'no-space'],
    [`${progress}{`, 'bad-answer'],
  ] as const) {
    const client = await answering(t, 200, text);
    assert.equal(await codeOf(client.templates.import({ template: 'a', body })), code, text);
  }
});

test('a daemon that dies in the middle of an answer is unreachable', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n[';
  const server = createRawServer((socket) => {
    socket.once('data', () => socket.end(head));
    socket.on('error', () => undefined);
  });
  const client = await clientOf(t, server as unknown as Server);
  assert.equal(await codeOf(client.domains.list()), 'unreachable');
});

test('a session with something that is no ctvirtd fails in words', async (t) => {
  const plain = await answering(t, 200, 'hello');
  const open = { argv: ['true'] };
  assert.equal(await codeOf(plain.domains.exec({ domain: 'a', open })), 'internal');
  const upgrade = 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: ctvirt-session\r\n\r\n';
  const foreign = createRawServer((socket) => {
    socket.once('data', () => socket.write(`${upgrade}garbage that is no frame`));
    socket.on('error', () => undefined);
  });
  const client = await clientOf(t, foreign as unknown as Server);
  assert.equal(await codeOf(client.domains.exec({ domain: 'a', open })), 'bad-answer');
});

test('an empty name is refused before it is sent', async (t) => {
  const client = await answering(t, 200, '[]');
  assert.equal(await codeOf(client.domains.start({ domain: '' })), 'invalid');
});
