// Terminals that are kept while their client is away: what it missed, how long they wait, whose they are, and how they end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, encodeJson, encodeNumber, outputWindowBytes, sessionProtocol } from '@ctvirt/api';
import { type BrowserClient, type BrowserSession, createClient } from '@ctvirt/api/browser';
import { until } from '@ctvirt/api/testing';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { openDoor } from '../testing/browsers.js';
import { type MemoryEngine, memoryEngine, sampleXml } from '../testing/memory-engine.js';
import { Output } from './output.js';
import { createHttpApp } from './server.js';
import { Terminals, terminalTerms } from './terminals.js';

// Every browser has it, and Node from 22 on.
Object.assign(globalThis, { WebSocket });

interface Served {
  readonly url: string;
  readonly client: BrowserClient;
  readonly engine: MemoryEngine;
}

async function serveKept(t: TestContext, leaseMs: number): Promise<Served> {
  const engine = await memoryEngine(t);
  const terminals = new Terminals(leaseMs);
  const app = createHttpApp(engine, pino({ level: 'silent' }), undefined, { terminals });
  t.after(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = createClient(url);
  await client.domains.define({ body: sampleXml('web'), transient: true });
  return { url, client, engine };
}

const shell = (script: string) => ({
  domain: 'web',
  open: { argv: ['sh', '-c', script], tty: true, keep: true },
});

const idOf = ({ kept }: BrowserSession): string => kept?.terminal ?? assert.fail('it is not kept');

/** What comes, shown as fast as it does; ends with the session, or once `until` is in it. */
async function shown(session: BrowserSession, until?: string): Promise<string> {
  const reader = session.stdout.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      session.seen(value.length);
      text += decoder.decode(value, { stream: true });
      if (until !== undefined && text.includes(until)) return text;
    }
  } finally {
    reader.releaseLock();
  }
}

async function assertNoneLeft(engine: MemoryEngine): Promise<void> {
  await until(() => engine.liveSessions() === 0, 'a program goes on');
}

/** Waits until the daemon knows that the client of the first one has gone, or that it is over. */
async function told(client: BrowserClient, what: { readonly attached?: boolean; readonly over?: boolean }) {
  for (let one = undefined as Record<string, unknown> | undefined; ; await delay(10)) {
    [one] = await client.terminals.list();
    if (Object.entries(what).every(([key, value]) => one?.[key] === value)) return;
  }
}

async function type(session: BrowserSession, text: string): Promise<void> {
  const writer = session.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

test('who comes back has what was missed, or all of it anew', async (t) => {
  const { client, engine } = await serveKept(t, 60_000);
  const first = await client.domains.exec(shell('while read word; do echo "got $word"; done; exit 3'));
  await type(first, 'one\n');
  assert.equal(await shown(first, 'one\n'), 'got one\n');
  const id = idOf(first);
  assert.deepEqual(
    (await client.terminals.list()).map(({ kind, attached, domain }) => ({ kind, attached, domain })),
    [{ kind: 'exec', attached: true, domain: 'web' }],
  );
  await type(first, 'two\n');
  first.close();
  await told(client, { attached: false });
  const again = await client.terminals.attach({ terminal: id, open: { after: 'got one\n'.length } });
  assert.deepEqual(again.kept, { terminal: id, from: 8, to: 16 });
  assert.equal(await shown(again, 'two\n'), 'got two\n');
  await type(again, 'three\n');
  assert.equal(await shown(again, 'three\n'), 'got three\n');
  // One that was reloaded knows nothing; the other window loses it.
  const reloaded = await client.terminals.attach({ terminal: id, open: {} });
  await assert.rejects(again.exited, { code: 'interrupted', message: /another window/ });
  assert.equal(await shown(reloaded, 'three\n'), 'got one\ngot two\ngot three\n');
  const writer = reloaded.stdin.getWriter();
  await writer.write(new TextEncoder().encode('four'));
  reloaded.kill();
  assert.equal(await reloaded.exited, 137);
  await assertNoneLeft(engine);
});

test('one that is over while its client is away tells how', async (t) => {
  const { client } = await serveKept(t, 60_000);
  const first = await client.domains.exec(shell('sleep 0.2; echo last words; exit 7'));
  first.close();
  await told(client, { over: true, attached: false });
  const again = await client.terminals.attach({ terminal: idOf(first), open: {} });
  assert.equal(await shown(again), 'last words\n');
  assert.equal(await again.exited, 7);
});

test('one that nobody comes back to ends, and so does that of a client who broke the rules', async (t) => {
  const { client, engine } = await serveKept(t, 200);
  const first = await client.domains.exec(shell('exec sleep 600'));
  const leftMs = performance.now();
  first.close();
  await assertNoneLeft(engine);
  assert.ok(performance.now() - leftMs > 190, 'nobody waited');
  await assert.rejects(client.terminals.attach({ terminal: idOf(first), open: {} }), { code: 'not-found' });
  const broken = await client.domains.exec(shell('exec sleep 600'));
  broken.resize(80, 24);
  const plain = { argv: ['sleep', '600'], tty: true };
  const other = await client.domains.exec({ domain: 'web', open: plain });
  other.seen(1);
  await assert.rejects(other.exited, { code: 'invalid' });
  broken.close();
  await assertNoneLeft(engine);
  await assert.rejects(client.domains.exec({ domain: 'web', open: { argv: ['cat'], keep: true } }), {
    code: 'invalid',
  });
});

test('what prints for ever waits when nobody shows it, looked at or not', async (t) => {
  const { client, engine } = await serveKept(t, 60_000);
  const first = await client.domains.exec(shell('exec yes'));
  const reader = first.stdout.getReader();
  let bytes = 0;
  const count = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.length;
    }
  })();
  /** Returns what had come by the time when nothing came any more. */
  const standstill = async (most: number): Promise<number> => {
    for (let before = -1; before !== bytes; await delay(300)) {
      before = bytes;
      assert.ok(bytes <= most, `${bytes} bytes came`);
    }
    return bytes;
  };
  await until(() => bytes > 0, 'nothing came');
  const before = await standstill(outputWindowBytes);
  first.seen(before);
  await until(() => bytes > before, 'nothing came after what was shown');
  await standstill(before + outputWindowBytes);
  first.close();
  await count;
  await told(client, { attached: false });
  const again = await client.terminals.attach({ terminal: idOf(first), open: { after: bytes } });
  assert.equal(again.kept?.from, bytes, 'something was lost');
  again.kill();
  await shown(again);
  assert.equal(await again.exited, 137);
  await assertNoneLeft(engine);
});

test('a client that never reads, and says that all is shown, has the daemon keep no heap of it', async (t) => {
  const { client, engine, url } = await serveKept(t, 100);
  const written = join(await mkdtemp(join(tmpdir(), 'ctvirt-')), 'written');
  t.after(() => rm(dirname(written), { recursive: true }));
  const call = request(`${url}/v1/domains/web/exec`, {
    headers: { connection: 'upgrade', upgrade: sessionProtocol },
  });
  call.end();
  const [, socket] = await once(call, 'upgrade');
  socket.pause().on('error', () => undefined);
  const script = `head -c 25000000 /dev/zero; echo all >${written}`;
  socket.write(encodeJson('open', { argv: ['sh', '-c', script], tty: true, keep: true }));
  await delay(300);
  for (let times = 0; times < 400; times++) {
    socket.write(encodeNumber('seen', 0x7fffffff));
    await delay(5);
  }
  assert.equal(existsSync(written), false, 'the daemon has taken 25 MB that nobody reads');
  socket.destroy();
  while ((await client.terminals.list()).length > 0) await delay(20);
  await assertNoneLeft(engine);
});

test('a size that no terminal has is refused, and what waits for its client goes on waiting', async (t) => {
  const { client, engine } = await serveKept(t, 60_000);
  const first = await client.domains.exec(shell('exec sleep 600'));
  const terminal = idOf(first);
  first.close();
  await told(client, { attached: false });
  for (const columns of [0, 65_536, 1e9]) {
    const open = { columns, rows: 24 };
    await assert.rejects(client.terminals.attach({ terminal, open }), { code: 'invalid' });
    await assert.rejects(client.domains.console({ domain: 'web', open }), { code: 'invalid' });
  }
  assert.equal((await client.terminals.list())[0]?.attached, false);
  const again = await client.terminals.attach({ terminal, open: { columns: 65_535, rows: 65_535 } });
  again.kill();
  assert.equal(await again.exited, 137);
  await assertNoneLeft(engine);
});

test('a client that types at a program that does not read leaves no heap of it', async (t) => {
  const { client, engine } = await serveKept(t, 60_000);
  let session = await client.domains.exec(shell('exec sleep 600'));
  const id = idOf(session);
  for (let times = 0; times < 20; times++) {
    void type(session, 'x'.repeat(outputWindowBytes)).catch(() => undefined);
    session.close();
    session = await client.terminals.attach({ terminal: id, open: {} });
  }
  session.kill();
  assert.equal(await session.exited, 137);
  await assertNoneLeft(engine);
});

test('a console is kept as well, and is free when nobody comes back', async (t) => {
  const { client } = await serveKept(t, 60_000);
  const first = await client.domains.console({ domain: 'web', open: { keep: true } });
  await type(first, 'hello ');
  assert.equal(await shown(first, 'HELLO '), 'login: HELLO ');
  first.close();
  const again = await client.terminals.attach({ terminal: idOf(first), open: { columns: 90, rows: 20 } });
  assert.equal(await shown(again, '20]'), 'login: HELLO [90x20]');
  await assert.rejects(client.domains.console({ domain: 'web', open: {} }), { code: 'in-use' });
  const other = await client.domains.console({ domain: 'web', open: { force: true } });
  await assert.rejects(again.exited, { code: 'interrupted' });
  other.close();
  const { client: elsewhere } = await serveKept(t, 100);
  (await elsewhere.domains.console({ domain: 'web', open: { keep: true } })).close();
  for (let isFree = false; !isFree; await delay(20))
    try {
      (await elsewhere.domains.console({ domain: 'web', open: {} })).close();
      isFree = true;
    } catch (error) {
      assert.ok(error instanceof ApiError && error.code === 'in-use', String(error));
    }
});

test('so many are kept at once, and those that are over make room', async (t) => {
  const { client, engine } = await serveKept(t, 60_000);
  const opened: BrowserSession[] = [];
  for (let at = 0; at < terminalTerms.ofSession; at++)
    opened.push(await client.domains.exec(shell('exec sleep 600')));
  await assert.rejects(client.domains.exec(shell('true')), { code: 'busy' });
  opened[0]?.kill();
  assert.equal(await opened[0]?.exited, 137);
  const last = await client.domains.exec(shell('exec sleep 600'));
  for (const one of [...opened.slice(1), last]) one.kill();
  await assertNoneLeft(engine);
});

/** Two operators of one daemon, each with a client of his own. */
async function twoOperators(t: TestContext) {
  const { engine, browsers, terminals, headersOf, ask, origin, port } = await openDoor(t);
  await engine.create(sampleXml('web'));
  const open = async () => {
    const headers = await headersOf('operator');
    const { cookie = '', 'x-ctvirt-key': key = '' } = headers;
    // The cookie goes along as a browser's does.
    class Cookied extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: { cookie, origin } });
      }
    }
    const asks = async (method: string, path: string) => JSON.parse((await ask(method, path, headers)).text);
    return { key, Cookied, asks };
  };
  const [one, other] = [await open(), await open()];
  const as = async <T>(who: typeof one, work: (client: BrowserClient) => Promise<T>): Promise<T> => {
    Object.assign(globalThis, { WebSocket: who.Cookied });
    try {
      return await work(createClient(`http://127.0.0.1:${port}`, { key: () => who.key }));
    } finally {
      Object.assign(globalThis, { WebSocket });
    }
  };
  return { engine, browsers, terminals, one, other, as };
}

test('root sees, takes and ends those of every session; a session its own alone', async (t) => {
  const { engine, terminals, one, other, as } = await twoOperators(t);
  const app = createHttpApp(engine, pino({ level: 'silent' }), undefined, { terminals });
  t.after(() => app.close());
  const root = createClient(await app.listen({ host: '127.0.0.1', port: 0 }));
  const first = await as(one, (client) => client.domains.exec(shell('echo words; exec sleep 600')));
  const terminal = idOf(first);
  assert.equal(await shown(first, 'words\n'), 'words\n');
  const own = await root.domains.exec(shell('exec sleep 600'));
  const { uuid } = await root.domains.summary({ domain: 'web' });
  const sessionOf = ({ key }: typeof one): string => key.split('.')[0] ?? '';
  const known = await root.terminals.list();
  const { since = '', lookedAt = '', ...told } = known[0] ?? {};
  assert.ok(since <= lookedAt);
  assert.deepEqual(told, {
    ...{ id: terminal, domain: 'web', uuid, kind: 'exec', program: 'sh -c echo words; exec sleep 600' },
    ...{ session: sessionOf(one), attached: true, keptBytes: 6, over: false },
  });
  assert.deepEqual([known[1]?.id, known[1]?.session], [idOf(own), null]);
  const idsOf = async (who: typeof one): Promise<string[]> =>
    (await who.asks('GET', '/v1/terminals')).map(({ id }: { id: string }) => id);
  assert.deepEqual(await idsOf(one), [terminal]);
  assert.deepEqual(await idsOf(other), []);
  for (const [who, id] of [
    [other, terminal],
    [one, idOf(own)],
  ] as const)
    assert.equal((await who.asks('DELETE', `/v1/terminals/${id}`)).code, 'not-found');
  const taken = await root.terminals.attach({ terminal, open: {} });
  await assert.rejects(first.exited, { code: 'interrupted', message: /on the host, by `ctvirt/ });
  taken.close();
  const again = await as(one, (client) => client.terminals.attach({ terminal, open: {} }));
  assert.equal((await root.terminals.end({ terminal })).attached, true);
  await assert.rejects(again.exited, { code: 'interrupted', message: 'this terminal was ended' });
  // A door that closes takes its own along.
  const last = await as(one, (client) => client.domains.exec(shell('exec sleep 600')));
  await app.close();
  assert.deepEqual(await idsOf(one), [idOf(last)]);
  await until(() => engine.liveSessions() === 1, 'a program goes on');
  assert.equal((await one.asks('DELETE', `/v1/terminals/${idOf(last)}`)).id, idOf(last));
  await assertNoneLeft(engine);
});

test('who has too many loses none of another’s', async (t) => {
  const { engine, one, other, as } = await twoOperators(t);
  const last = await as(one, (client) => client.domains.exec(shell('echo last words')));
  last.close();
  const opened: BrowserSession[] = [];
  for (let at = 0; at < terminalTerms.ofSession; at++)
    opened.push(await as(other, (client) => client.domains.exec(shell('exec sleep 600'))));
  const more = as(other, (client) => client.domains.exec(shell('true')));
  await assert.rejects(more, { code: 'busy' });
  const again = await as(one, (client) => client.terminals.attach({ terminal: idOf(last), open: {} }));
  assert.equal(await shown(again), 'last words\n');
  for (const one of opened) one.kill();
  await assertNoneLeft(engine);
});

test('it is its session’s alone, and ends with it', async (t) => {
  const { engine, browsers, one, other, as } = await twoOperators(t);
  const first = await as(one, (client) => client.domains.exec(shell('exec sleep 600')));
  const terminal = idOf(first);
  const attach = (client: BrowserClient) => client.terminals.attach({ terminal, open: {} });
  await assert.rejects(as(other, attach), { code: 'not-found' });
  first.close();
  const again = await as(one, attach);
  again.close();
  await delay(50);
  assert.equal(engine.liveSessions(), 1);
  const id = one.key.split('.')[0] ?? '';
  await browsers.revoke(id);
  await assertNoneLeft(engine);
});

test('a ring knows the last of what was written, wherever it began', () => {
  const ring = new Output(10);
  let all = '';
  for (const piece of ['abc', 'defgh', '', 'ijklmnopqrstuvw', 'x', 'yz0123456', '789abcdefg', 'h']) {
    ring.push(Buffer.from(piece));
    all += piece;
    assert.equal(ring.end, all.length);
    for (let from = 0; from <= all.length + 1; from++)
      assert.equal(String(ring.since(from)), all.slice(Math.max(from, ring.start)), `${piece} ${from}`);
    assert.equal(ring.start, Math.max(0, all.length - 10));
  }
});
