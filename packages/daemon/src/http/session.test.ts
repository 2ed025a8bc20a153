// Exec and console connections from client to program and back, over a real unix socket.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { getEventListeners } from 'node:events';
import { connect } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ApiError,
  encodeFrame,
  encodeJson,
  encodeNumber,
  type Frame,
  FrameDecoder,
  stdinWindowBytes,
} from '@ctvirt/api';
import { until } from '@ctvirt/api/testing';
import { sampleXml } from '../testing/memory-engine.js';
import { type Served, serve } from '../testing/serve.js';
import { SessionInput } from './session-input.js';

async function serveRunning(t: TestContext): Promise<Served> {
  const served = await serve(t);
  await served.client.domains.define({ body: sampleXml('web'), transient: true });
  return served;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

const open = (argv: string[], more: { tty?: boolean; env?: Record<string, string> } = {}) => ({
  domain: 'web',
  open: { argv, ...more },
});

/** Waits until no program is left; a left one fails the test. */
async function assertNoneLeft({ engine }: Served): Promise<void> {
  await until(() => engine.liveSessions() === 0, 'a program goes on');
}

test('a program has its own streams and status', async (t) => {
  const served = await serveRunning(t);
  const { client } = served;
  const session = await client.domains.exec(
    open(['sh', '-c', 'cat; echo "$WORD" >&2; exit 7'], { env: { WORD: 'loud' } }),
  );
  session.stdin.end('in and out');
  const [out, err, status] = await Promise.all([
    textOf(session.stdout),
    textOf(session.stderr),
    session.exited,
  ]);
  assert.deepEqual([out, err, status], ['in and out', 'loud\n', 7]);
  await assertNoneLeft(served);
});

test('a signal refuses what is not yet open, and is let go of', async (t) => {
  const served = await serveRunning(t);
  const { client } = served;
  const never = { signal: AbortSignal.abort() };
  await assert.rejects(client.domains.exec(open(['sleep', '600']), never), { code: 'interrupted' });
  assert.equal(served.engine.liveSessions(), 0);
  const { signal } = new AbortController();
  const short = await client.domains.exec(open(['true']), { signal });
  assert.equal(await short.exited, 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('megabytes pass both ways unharmed', async (t) => {
  const { client } = await serveRunning(t);
  const input = randomBytes(8 << 20);
  const session = await client.domains.exec(open(['cat']));
  const hash = createHash('sha256');
  session.stderr.resume();
  session.stdin.end(input);
  for await (const chunk of session.stdout) hash.update(chunk);
  assert.equal(await session.exited, 0);
  assert.equal(hash.digest('hex'), createHash('sha256').update(input).digest('hex'));
});

test('a slow reader loses nothing', async (t) => {
  const { client } = await serveRunning(t);
  const session = await client.domains.exec(open(['sh', '-c', 'head -c 3000000 /dev/zero']));
  session.stderr.resume();
  await delay(900);
  let bytes = 0;
  for await (const chunk of session.stdout) bytes += chunk.length;
  assert.equal(bytes, 3_000_000);
  assert.equal(await session.exited, 0);
});

test('a program that does not read its input still ends when its client goes', async (t) => {
  const served = await serveRunning(t);
  const session = await served.client.domains.exec(open(['sleep', '600']));
  session.stdin.write(Buffer.alloc(4 << 20));
  await delay(50);
  assert.equal(served.engine.liveSessions(), 1);
  session.close();
  await assertNoneLeft(served);
  await assert.rejects(session.exited, ApiError);
});

test('a program can be killed, and a resize reaches it before', async (t) => {
  const served = await serveRunning(t);
  const session = await served.client.domains.exec(open(['sleep', '600'], { tty: true }));
  session.resize(132, 43);
  const seen = String(await new Promise((resolve) => session.stdout.once('data', resolve)));
  assert.equal(seen, '[132x43]');
  session.kill();
  session.stdout.resume();
  session.stderr.resume();
  assert.equal(await session.exited, 137);
});

test('a survivor that holds the output does not hold the session', async (t) => {
  const { client } = await serveRunning(t);
  const session = await client.domains.exec(open(['sh', '-c', 'echo started; sleep 5 & exit 3']));
  session.stderr.resume();
  assert.equal(await textOf(session.stdout), 'started\n');
  assert.equal(await session.exited, 3);
});

test('what cannot be opened is told with its code', async (t) => {
  const { client } = await serveRunning(t);
  const code = async (input: Parameters<typeof client.domains.exec>[0]) => {
    const error = await client.domains.exec(input).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    return error instanceof ApiError ? error.code : error;
  };
  assert.equal(await code({ domain: 'nope', open: { argv: ['true'] } }), 'not-found');
  assert.equal(await code(open([])), 'invalid');
  await client.domains.define({ body: sampleXml('off') });
  assert.equal(await code({ domain: 'off', open: { argv: ['true'] } }), 'wrong-state');
});

test('a console echoes, resizes and closes', async (t) => {
  const { client } = await serveRunning(t);
  const session = await client.domains.console({ domain: 'web', open: { columns: 80, rows: 24 } });
  session.resize(100, 30);
  session.stdin.write('hello bye');
  session.stderr.resume();
  assert.equal(await textOf(session.stdout), 'login: [100x30]HELLO BYE');
  assert.equal(await session.exited, 0);
});

test('a closing daemon ends its sessions', async (t) => {
  const served = await serveRunning(t);
  const session = await served.client.domains.exec(open(['sleep', '600']));
  await served.close();
  await assert.rejects(session.exited, ApiError);
  await assertNoneLeft(served);
});

/** A client by hand: what it sends is its own affair. */
async function byHand(
  served: Served,
  path: string,
  bytes: Uint8Array,
): Promise<{ head: string; frames: Frame[] }> {
  const socket = connect(served.socketPath);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ctvirt-session\r\n\r\n`);
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = Buffer.concat(chunks);
  const at = answer.indexOf('\r\n\r\n') + 4;
  const head = answer.subarray(0, at).toString('latin1');
  return { head, frames: head.includes(' 101 ') ? new FrameDecoder().push(answer.subarray(at)) : [] };
}

test('a client that breaks the protocol is told so, and leaves no program', async (t) => {
  const served = await serveRunning(t);
  const sleep = encodeJson('open', { argv: ['sleep', '600'] });
  const cases: Record<string, Uint8Array> = {
    'stdin before open': encodeFrame('stdin', Buffer.from('x')),
    'foreign bytes': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'a frame of the daemon': Buffer.concat([sleep, encodeNumber('exited', 0)]),
    'open twice': Buffer.concat([sleep, sleep]),
    'open without JSON': encodeFrame('open', Buffer.from('{')),
    'an unknown member': encodeJson('open', { argv: ['true'], shell: true }),
    'more than the window': Buffer.concat([
      sleep,
      ...Array(8).fill(encodeFrame('stdin', Buffer.alloc(1 << 20))),
    ]),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    const { frames } = await byHand(served, '/v1/domains/web/exec', bytes);
    const last = frames.at(-1);
    assert.equal(last?.type, 'failed', what);
    assert.equal(JSON.parse(String(last?.payload)).code, 'invalid', what);
  }
  await assertNoneLeft(served);
});

test('an upgrade of nothing we know is refused in HTTP', async (t) => {
  const served = await serveRunning(t);
  const { head } = await byHand(served, '/v1/domains/web', Buffer.alloc(0));
  assert.match(head, /^HTTP\/1\.1 404 /);
});

test('tiny pieces of input arrive whole, and a client that reads no answers costs no memory', async (t) => {
  const served = await serveRunning(t);
  const session = await served.client.domains.exec(open(['cat']));
  for (const word of 'so many tiny pieces of input '.repeat(200).split('')) session.stdin.write(word);
  session.stdin.end();
  assert.equal(await textOf(session.stdout), 'so many tiny pieces of input '.repeat(200));
  assert.equal(await session.exited, 0);
  const written: number[] = [];
  const client = new PassThrough({ highWaterMark: 16 });
  client.write = new Proxy(client.write, {
    apply(write, self, args) {
      written.push(client.writableLength);
      return Reflect.apply(write, self, args);
    },
  });
  const program = new Writable({ write: (_chunk, _encoding, done) => setImmediate(done) });
  const input = new SessionInput(program, client);
  // The window is that of what is not answered yet: who reads no answer may send it once.
  const sent = async (): Promise<void> => {
    for (let bytes = 0; bytes < 2 * stdinWindowBytes; bytes++) {
      input.push(Buffer.alloc(1));
      if (bytes % 1000 === 0) await delay(0);
    }
  };
  await assert.rejects(sent(), /more stdin than the window admits/);
  assert.ok(written.length < 6, `${written.length} answers wait`);
  assert.throws(() => input.push(Buffer.alloc(0)), /without a byte/);
});
