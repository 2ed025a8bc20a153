// Getting in: who is let in at the daemon's own socket, what a page then has, and that both are as the contract says.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compileCheck, resources, sessionProtocol } from '@ctvirt/api';
import { closed, strictClient, until } from '@ctvirt/api/testing';
import { pino } from 'pino';
import { createHttpApp } from '../http/server.js';
import { openDoor } from '../testing/browsers.js';
import { sampleXml } from '../testing/memory-engine.js';
import { pageFolder, readAssets } from './assets.js';

/** The same daemon at its own socket. */
async function rooted(t: TestContext) {
  const door = await openDoor(t);
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-http-'));
  const socketPath = join(folder, 'http.sock');
  const app = createHttpApp(door.engine, pino({ level: 'silent' }), undefined, { web: door.browsers });
  await app.listen({ path: socketPath });
  const client = strictClient({ socketPath });
  t.after(async () => {
    client.close();
    await app.close();
    rmSync(folder, { recursive: true });
  });
  return { ...door, client };
}

test('root hands out a link, which becomes a session, which is seen and ended', async (t) => {
  const { client, ask, origin } = await rooted(t);
  const entry = await client.web.open({ body: { role: 'operator', forSeconds: 3600 } });
  assert.deepEqual([entry.role, entry.url, entry.token, entry.isLocal], ['operator', origin, null, true]);
  assert.deepEqual(
    (await client.web.list()).map(({ id, state, lastUsedAt }) => [id, state, lastUsedAt]),
    [[entry.id, 'link', null]],
  );
  const token = entry.link?.slice(`${origin}/#t=`.length);
  const body = JSON.stringify({ token });
  const came = await ask('POST', '/v1/web/session', { origin, 'content-type': 'application/json' }, body);
  assert.equal(came.status, 200);
  const key: unknown = JSON.parse(came.text);
  assert.equal(compileCheck(closed(resources.web.enter.answer.schema))(key), undefined);
  const [cookie = ''] = came.headers['set-cookie'] ?? [];
  assert.match(
    cookie,
    new RegExp(`^ctvirt-${entry.id}=[\\w-]{43}; Max-Age=3(600|59\\d); Path=/; HttpOnly; SameSite=Strict$`),
  );
  assert.ok(typeof key === 'object' && key !== null && 'key' in key);
  const mine = { origin, cookie: cookie.split(';')[0] ?? '', 'x-ctvirt-key': String(key.key) };
  const me = await ask('GET', '/v1/web/session', mine);
  assert.equal(compileCheck(closed(resources.web.me.answer.schema))(JSON.parse(me.text)), undefined);
  assert.equal((await client.web.list())[0]?.state, 'open');
  const gone = await ask('DELETE', '/v1/web/session', mine);
  assert.deepEqual([gone.status, gone.headers['set-cookie']?.[0]?.includes('Max-Age=0')], [204, true]);
  assert.equal((await ask('GET', '/v1/web/session', mine)).status, 401);
  assert.deepEqual(await client.web.list(), []);
});

test('a session that is revoked ends what is open in it, at once', async (t) => {
  const { client, engine, headersOf, origin } = await rooted(t);
  await engine.define(sampleXml('web'));
  await engine.start('web');
  const { WebSocket } = await import('ws');
  const { cookie = '', 'x-ctvirt-key': key = '' } = await headersOf('operator');
  const [{ id = '' } = {}] = await client.web.list();
  const stream = await fetch(`${origin}/v1/events`, { headers: { cookie, 'x-ctvirt-key': key } });
  assert.equal(stream.headers.get('x-accel-buffering'), 'no', 'a proxy keeps none of it back');
  const socket = new WebSocket(
    `${origin.replace('http', 'ws')}/v1/domains/web/console`,
    [sessionProtocol, `key.${key}`],
    { headers: { cookie }, origin },
  );
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  const closes = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
  assert.equal((await client.web.revoke({ session: id })).id, id);
  await assert.rejects(stream.text());
  await closes;
  await until(() => engine.liveSessions() + engine.listeners() === 0, 'something of it goes on');
  await assert.rejects(client.web.revoke({ session: id }), { code: 'not-found' });
});

test('what root may not have: a session of its own, or one without end', async (t) => {
  const { client } = await rooted(t);
  await assert.rejects(client.web.me(), { code: 'unsupported' });
  await assert.rejects(client.web.leave(), { code: 'unsupported' });
  await assert.rejects(client.web.open({ body: { forSeconds: 13 * 3600 } }), { code: 'invalid' });
  const years = await client.web.open({ body: { role: 'metrics' } });
  assert.equal(new Date(years.expiresAt).getFullYear() - new Date().getFullYear(), 10);
});

test('the page: its files packed as the browser takes them, and every address of it is the index', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'chunks'));
  for (const [name, content] of [
    ['index.html', '<!doctype html>'],
    ['main-0ABCDEFG.js', 'plain'],
    ['main-0ABCDEFG.js.br', 'b'],
    ['main-0ABCDEFG.js.gz', 'g'],
    ['chunks/editor-1ABCDEFG.js', 'editor'],
    ['licences.txt', 'l'],
    ['secret.map', 's'],
  ])
    writeFileSync(join(folder, name ?? ''), content ?? '');
  const { ask } = await openDoor(t, readAssets(folder));
  const get = async (path: string, headers = {}) => {
    const { status, text, headers: said } = await ask('GET', path, headers);
    return [status, text, said['content-encoding'], said['cache-control']].join(' ');
  };
  const forever = 'public, max-age=31536000, immutable';
  assert.equal(await get('/main-0ABCDEFG.js', { 'accept-encoding': 'gzip, br;q=1' }), `200 b br ${forever}`);
  assert.equal(await get('/main-0ABCDEFG.js', { 'accept-encoding': 'gzip' }), `200 g gzip ${forever}`);
  assert.equal(await get('/main-0ABCDEFG.js'), `200 plain  ${forever}`);
  assert.equal(await get('/chunks/editor-1ABCDEFG.js'), `200 editor  ${forever}`);
  assert.equal(await get('/licences.txt'), '200 l  no-cache');
  const page = { accept: 'text/html,*/*' };
  for (const path of ['/', '/domains/web', '/domains/web.js?state=running'])
    assert.equal(await get(path, page), '200 <!doctype html>  no-store', path);
  for (const path of ['/v1/nothing', '/v1/']) assert.match(await get(path, page), /^401 |^404 /, path);
  for (const path of ['/secret.map', '/nothing.js', '/..%2fsecret.map', '/index.html'])
    assert.match(await get(path), /^404 /, path);
});

test('a page that was not built is missed in words', async (t) => {
  const { ask } = await openDoor(t, readAssets(join(tmpdir(), 'nowhere-at-all')));
  const { status, text } = await ask('GET', '/', { accept: 'text/html' });
  assert.equal(status, 404);
  assert.match(text, /the page was not built/);
  assert.match(pageFolder(new URL('../ctvirtd.mjs', import.meta.url).href), /packages\/console\/dist\/$/);
});
