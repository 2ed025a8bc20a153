// Sessions over WebSockets, as browsers have them: the same protocol, and none for pages that came from elsewhere.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { ApiError, encodeFrame, encodeJson, sessionProtocol } from '@ctvirt/api';
import { type BrowserClient, createClient } from '@ctvirt/api/browser';
import { until } from '@ctvirt/api/testing';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { type MemoryEngine, memoryEngine, sampleXml } from '../testing/memory-engine.js';
import { createHttpApp } from './server.js';

// Every browser has it, and Node from 22 on.
Object.assign(globalThis, { WebSocket });

interface Page {
  readonly url: string;
  readonly client: BrowserClient;
  readonly engine: MemoryEngine;
}

async function openPage(t: TestContext): Promise<Page> {
  const engine = await memoryEngine(t);
  const app = createHttpApp(engine, pino({ level: 'silent' }));
  t.after(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = createClient(url);
  await client.domains.define({ body: sampleXml('web'), transient: true });
  return { url, client, engine };
}

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
}

async function assertNoneLeft(engine: MemoryEngine): Promise<void> {
  await until(() => engine.liveSessions() === 0, 'a program goes on');
}

test('a page has a program with streams and status, however much passes', async (t) => {
  const { client, engine } = await openPage(t);
  const argv = ['sh', '-c', 'cat; echo loud >&2; exit 7'];
  const session = await client.domains.exec({ domain: 'web', open: { argv } });
  const output = Promise.all([textOf(session.stdout), textOf(session.stderr)]);
  const writer = session.stdin.getWriter();
  const million = 'x'.repeat(1_000_000);
  await writer.write(new TextEncoder().encode(million));
  await writer.close();
  assert.equal(await session.exited, 7);
  assert.deepEqual(await output, [million, 'loud\n']);
  await assertNoneLeft(engine);
});

test('a page has a console: it echoes, is resized, and closes', async (t) => {
  const { client, engine } = await openPage(t);
  const session = await client.domains.console({ domain: 'web', open: { columns: 80, rows: 24 } });
  session.resize(100, 30);
  const writer = session.stdin.getWriter();
  await writer.write(new TextEncoder().encode('hello bye'));
  assert.equal(await textOf(session.stdout), 'login: [100x30]HELLO BYE');
  assert.equal(await session.exited, 0);
  const left = await client.domains.console({ domain: 'web', open: {} });
  left.close();
  await assert.rejects(left.exited, { code: 'interrupted' });
  await assertNoneLeft(engine);
});

test('what cannot be opened is told with its code, and a program whose page goes is ended', async (t) => {
  const { client, engine, url } = await openPage(t);
  const codeOf = (domain: string, argv: string[]) =>
    client.domains.exec({ domain, open: { argv } }).then(
      () => 'opened',
      (error: unknown) => (error instanceof ApiError ? error.code : error),
    );
  assert.equal(await codeOf('nope', ['true']), 'not-found');
  assert.equal(await codeOf('web', []), 'invalid');
  const gone = createClient(url.replace(/:\d+$/, ':1'));
  await assert.rejects(gone.domains.exec({ domain: 'web', open: { argv: ['true'] } }), {
    code: 'unreachable',
  });
  const leaving = new AbortController();
  const open = { argv: ['sleep', '600'] };
  const session = await client.domains.exec({ domain: 'web', open }, { signal: leaving.signal });
  assert.equal(engine.liveSessions(), 1);
  leaving.abort();
  await assert.rejects(session.exited, { code: 'interrupted' });
  await assertNoneLeft(engine);
  const late = client.domains.exec({ domain: 'web', open }, { signal: leaving.signal });
  await assert.rejects(late, { code: 'interrupted' });
  const { signal } = new AbortController();
  await assert.rejects(client.domains.exec({ domain: 'nope', open }, { signal }), { code: 'not-found' });
  await assert.rejects(gone.domains.exec({ domain: 'web', open }, { signal }), { code: 'unreachable' });
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

/** How a handshake by hand ends: `open`, or the status that it was refused with. */
function handshake(url: string, protocol: string | undefined, origin?: string): Promise<string> {
  const address = `${url.replace(/^http/, 'ws')}/v1/domains/web/exec`;
  const socket = new WebSocket(address, protocol, origin === undefined ? {} : { origin });
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      resolve(String(response.statusCode));
    });
    socket.on('error', (error) => resolve(error.message));
  });
}

/** The status of an upgrade by hand to the bare protocol. */
function upgrade(url: string, origin: string): Promise<number | undefined> {
  const headers = { connection: 'upgrade', upgrade: sessionProtocol, origin };
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v1/domains/web/exec`, { headers });
    call.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode);
    });
    call.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.on('error', reject).end();
  });
}

test('a page from elsewhere opens nothing, nor does another protocol', async (t) => {
  const { url } = await openPage(t);
  assert.equal(await handshake(url, sessionProtocol), 'open');
  assert.equal(await handshake(url, sessionProtocol, url), 'open');
  const others = ['http://evil.example', url.replace('127.0.0.1', 'localhost'), `${url}0`, 'null', 'x'];
  for (const origin of others) {
    assert.equal(await handshake(url, sessionProtocol, origin), '403', origin);
    assert.equal(await upgrade(url, origin), 403, origin);
  }
  assert.equal(await upgrade(url, url), 101);
  assert.equal(await handshake(url, undefined), '400');
  assert.equal(await handshake(url, 'chat'), '400');
});

test('who breaks the protocol is told so or cut off, and leaves no program', async (t) => {
  const { engine, url } = await openPage(t);
  const sleep = encodeJson('open', { argv: ['sleep', '600'] });
  const cases: Record<string, (string | Uint8Array)[]> = {
    text: ['hello'],
    'stdin before open': [encodeFrame('stdin', new Uint8Array(1))],
    'open twice, in pieces': [...sleep].map((byte) => Uint8Array.of(byte)).concat([sleep]),
    'a message without end': [sleep, new Uint8Array(6 << 20)],
  };
  for (const [what, messages] of Object.entries(cases)) {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/domains/web/exec`, sessionProtocol);
    socket.on('error', () => undefined);
    socket.on('open', () => {
      for (const message of messages) socket.send(message);
    });
    await until(() => socket.readyState === WebSocket.CLOSED, `${what}: it stays open`);
  }
  await assertNoneLeft(engine);
});
