// The attack table of the web door, each row by its name, over raw requests; what takes a browser is the console's story.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { mayAs, type Role, type Route, resources, sessionProtocol } from '@ctvirt/api';
import { isFault } from '@ctvirt/engine';
import { Gate } from '@ctvirt/rpc';
import {
  browsersAt,
  type Caller,
  freePort,
  type Headers,
  type OpenDoor,
  openDoor,
} from '../testing/browsers.js';
import { memoryEngine, sampleXml } from '../testing/memory-engine.js';

const routes = Object.entries(resources).flatMap(([resource, operations]) =>
  Object.entries<Route>(operations).map(([operation, route]) => ({
    name: `${resource}.${operation}`,
    route,
    path: route.path.replace(/\{\w+\}/g, 'nope'),
  })),
);
type Case = (typeof routes)[number];
const callers: readonly Caller[] = [undefined, 'metrics', 'viewer', 'operator', 'admin'];

const upgrade = { connection: 'upgrade', upgrade: sessionProtocol };
const statusOf = async ({ ask }: OpenDoor, { route, path }: Case, headers: Headers): Promise<number> =>
  (await ask(route.method, path, { ...headers, ...(route.answer.kind === 'session' && upgrade) })).status;

/** Opens a door with a domain that runs, and counts what becomes of domains and networks. */
async function watched(t: TestContext): Promise<OpenDoor & { effects(): readonly string[] }> {
  const door = await openDoor(t);
  await door.engine.define(sampleXml('nope'));
  await door.engine.start('nope');
  const effects: string[] = [];
  t.after(door.engine.onEvent(({ event }) => effects.push(event)));
  t.after(door.engine.networks.onEvent(({ event }) => effects.push(event)));
  return { ...door, effects: () => effects };
}

test('Missing role check: callers × every route of the contract', async (t) => {
  const door = await openDoor(t);
  for (const caller of callers)
    for (const one of routes) {
      // What ends the session that asks is asked for in one of its own, below.
      if (one.name === 'web.leave') continue;
      const headers = await headersOnce(door, caller);
      const status = await statusOf(door, one, headers);
      const wanted = one.route.role;
      const what = `${caller ?? 'nobody'}: ${one.name} answered ${status}`;
      if (caller === undefined && wanted !== 'anyone') assert.equal(status, 401, what);
      else if (caller !== undefined && !mayAs(caller, wanted)) assert.equal(status, 403, what);
      else assert.ok(![401, 403, 421].includes(status) || one.name === 'web.enter', what);
    }
  assert.equal(await leaveAs(door, 'viewer'), 204);
  assert.equal(await leaveAs(door, 'metrics'), 403);
  assert.equal(await leaveAs(door, undefined), 401);
  assert.equal(door.engine.liveSessions(), 0);
});

const known = new WeakMap<OpenDoor, Map<Caller, Headers>>();
async function headersOnce(door: OpenDoor, caller: Caller): Promise<Headers> {
  const ofDoor = known.get(door) ?? new Map<Caller, Headers>();
  known.set(door, ofDoor);
  const headers = ofDoor.get(caller) ?? (await door.headersOf(caller));
  ofDoor.set(caller, headers);
  return headers;
}

async function leaveAs(door: OpenDoor, caller: Caller): Promise<number> {
  const headers = { ...(await door.headersOf(caller)), origin: door.origin };
  return (await door.ask('DELETE', '/v1/web/session', headers)).status;
}

test('DNS rebinding: under another name no route is answered, whoever asks', async (t) => {
  const door = await watched(t);
  const admin = await door.headersOf('admin');
  const names = [
    'evil.test',
    `evil.test:${door.port}`,
    '127.0.0.1.evil.test',
    '0.0.0.0',
    '127.0.0.1:x',
    '[::2]',
    '127.1',
  ];
  for (const one of routes) assert.equal(await statusOf(door, one, { ...admin, host: 'evil.test' }), 421);
  for (const host of names)
    for (const path of ['/', '/v1/domains', '/openapi.json', '/nothing', '/%zz', '/v1/domains/nope/exec']) {
      const { status, text } = await door.ask('GET', path, { ...admin, host });
      assert.equal(status, 421, `${host} ${path}`);
      assert.doesNotMatch(text, /nope|openapi|domains"/);
    }
  // Its own names are answered, at whatever port a tunnel has.
  for (const host of [`127.0.0.1:${door.port}`, 'localhost:8080', '[::1]:16580', '127.0.0.1']) {
    const { status } = await door.ask('GET', '/v1/domains', { ...admin, host, origin: `http://${host}` });
    assert.equal(status, 200, host);
  }
  assert.deepEqual(door.effects(), []);
});

test('CSRF, also from another local port: no write is done for a page from elsewhere', async (t) => {
  const door = await watched(t);
  const admin = await door.headersOf('admin');
  const writes = routes.filter(({ route }) => route.method !== 'GET');
  assert.ok(writes.length > 40);
  const pages = ['http://evil.test', `http://127.0.0.1:${door.port + 1}`, 'http://localhost', 'null'];
  const forms = ['text/plain', 'application/x-www-form-urlencoded', 'application/json', 'application/xml'];
  for (const one of writes) {
    const { method } = one.route;
    for (const [at, origin] of pages.entries()) {
      // With all that a browser could send by itself, and what it could not.
      const sent = { ...admin, origin, 'content-type': forms[at] ?? '' };
      const { status } = await door.ask(method, one.path, sent, '{"name":"x"}');
      assert.equal(status, 403, `${one.name} from ${origin}`);
    }
    const { origin: _, ...withoutOrigin } = admin;
    assert.equal(await statusOf(door, one, withoutOrigin), 403, `${one.name} without an origin`);
  }
  // Reads neither, where the browser tells of it.
  for (const path of ['/v1/domains', '/v1/events'])
    for (const more of [{ origin: pages[0] ?? '' }, { 'sec-fetch-site': 'same-site' }])
      assert.equal((await door.ask('GET', path, { ...admin, ...more })).status, 403);
  assert.equal((await door.ask('OPTIONS', '/v1/domains', { origin: pages[0] ?? '' })).status, 403);
  assert.deepEqual(door.effects(), []);
});

test('Cross-site WebSocket: whatever one lacks, nothing is run', async (t) => {
  const door = await watched(t);
  const { cookie = '', 'x-ctvirt-key': key = '', origin = '' } = await door.headersOf('operator');
  const { cookie: lookerCookie = '', 'x-ctvirt-key': lookerKey = '' } = await door.headersOf('viewer');
  const whole = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': `${sessionProtocol}, key.${key}`,
    ...{ cookie, origin },
  };
  const open = (headers: Headers) => door.ask('GET', '/v1/domains/nope/exec', headers);
  const lacking: readonly (readonly [string, number, Headers])[] = [
    ['the name', 421, { ...whole, host: 'evil.test' }],
    ['the origin', 403, { ...whole, origin: 'http://evil.test' }],
    ['the cookie', 401, { ...whole, cookie: '' }],
    ['the key', 401, { ...whole, 'sec-websocket-protocol': sessionProtocol }],
    [
      'the role',
      403,
      {
        ...whole,
        cookie: lookerCookie,
        'sec-websocket-protocol': `${sessionProtocol}, key.${lookerKey}`,
      },
    ],
  ];
  for (const [what, status, headers] of lacking) assert.equal((await open(headers)).status, status, what);
  assert.equal(door.engine.liveSessions(), 0);
  const { status, headers } = await open(whole);
  assert.equal(status, 101);
  // The key is never said back.
  assert.equal(headers['sec-websocket-protocol'], sessionProtocol);
  assert.deepEqual(door.effects(), []);
});

test('Stolen cookie (other port): without the key it opens nothing, nor does the key without it', async (t) => {
  const door = await openDoor(t);
  const { cookie = '', 'x-ctvirt-key': key = '', origin = '' } = await door.headersOf('admin');
  for (const one of routes) {
    if (one.route.role === 'anyone') continue;
    assert.equal(await statusOf(door, one, { origin, cookie }), 401, one.name);
    assert.equal(await statusOf(door, one, { origin, 'x-ctvirt-key': key }), 401, one.name);
  }
});

test('Stolen cookie (other port): who sets another one of its name ahead of it keeps nobody out', async (t) => {
  const door = await openDoor(t);
  const { cookie = '', ...admin } = await door.headersOf('admin');
  const [name = ''] = cookie.split('=');
  const wrong = `${name}=${'x'.repeat(43)}`;
  for (const [cookies, status] of [
    [`${wrong}; ${cookie}`, 200],
    [`a=b;${name}=;${cookie};${wrong}`, 200],
    [`${wrong}; ${wrong}`, 401],
    [`${name}x=1; x${cookie}`, 401],
  ] as const)
    assert.equal(
      (await door.ask('GET', '/v1/domains', { ...admin, cookie: cookies })).status,
      status,
      cookies,
    );
});

test('DNS rebinding: a request that says two names is refused, whichever comes first', async (t) => {
  const door = await openDoor(t);
  const { cookie = '', 'x-ctvirt-key': key = '' } = await door.headersOf('admin');
  const own = `127.0.0.1:${door.port}`;
  for (const hosts of [
    [own, 'evil.test'],
    ['evil.test', own],
    [own, own],
  ])
    for (const path of ['/', '/v1/domains', '/%zz']) {
      const socket = connect(door.port, '127.0.0.1').setEncoding('latin1');
      const names = hosts.map((host, at) => `${at === 0 ? 'Host' : 'hOST'}: ${host}\r\n`).join('');
      socket.write(`GET ${path} HTTP/1.1\r\n${names}cookie: ${cookie}\r\nx-ctvirt-key: ${key}\r\n\r\n`);
      const [answer] = await once(socket, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 4(00|21) /, `${hosts} ${path}`);
      socket.destroy();
    }
});

test('Clickjacking, sniffing, leaks: what every answer says, refusals and pages too', async (t) => {
  const door = await openDoor(t, {
    files: new Map([
      [
        '/main-ABCDEF12.js',
        { type: 'text/javascript', isHashed: true, bodies: new Map([['identity', Buffer.from('1')]]) },
      ],
    ]),
    index: '<title>{{nonce}}</title>',
  });
  const admin = await door.headersOf('admin');
  const said: Readonly<Record<string, string>> = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  const asked = routes
    .filter(({ route, name }) => route.answer.kind !== 'session' && name !== 'web.leave')
    .map(({ route, path }) => [route.method, path]);
  const others = ['/', '/main-ABCDEF12.js', '/domains/web', '/openapi.json', '/v1/nothing', '/%zz'];
  for (const [method = '', path = ''] of [...asked, ...others.map((path) => ['GET', path])])
    for (const headers of [admin, { ...admin, host: 'evil.test' }]) {
      const answer = await door.ask(method, path, { ...headers, accept: 'text/html' });
      for (const [name, value] of Object.entries(said))
        assert.equal(answer.headers[name], value, `${method} ${path}: ${name}`);
      assert.match(
        String(answer.headers['content-security-policy']),
        /default-src 'none'.*frame-ancestors 'none'/,
      );
      if (path.startsWith('/v1')) assert.equal(answer.headers['cache-control'], 'no-store', path);
    }
  const page = await door.ask('GET', '/', {});
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  const [, nonce = ''] = /'nonce-([^']+)'/.exec(policy) ?? [];
  assert.equal(page.text, `<title>${nonce}</title>`);
  assert.notEqual((await door.ask('GET', '/', {})).text, page.text);
  assert.match(
    String((await door.ask('GET', '/main-ABCDEF12.js', {})).headers['cache-control']),
    /immutable/,
  );
});

test('Port squatting by a local user: no link, and who has the port', async (t) => {
  const port = await freePort();
  const squatter = createServer().listen(port, '127.0.0.1');
  t.after(() => squatter.close());
  await once(squatter, 'listening');
  const browsers = browsersAt(t, port, await memoryEngine(t));
  await assert.rejects(browsers.open({}), (error) => {
    assert.ok(isFault(error, 'in-use'));
    const who = `process ${process.pid} \\(.+\\) of user ${process.getuid?.()}`;
    assert.match(error.message, new RegExp(`port ${port} of this host is in use by ${who}: `));
    return true;
  });
  assert.deepEqual(browsers.list(), []);
  squatter.close();
  await once(squatter, 'close');
  assert.match((await browsers.open({})).link ?? '', /^http:\/\/127\.0\.0\.1:\d+\/#t=[\w-]{43}$/);
});

test('Slow clients, floods: a body has its end, a session so many streams', async (t) => {
  const door = await openDoor(t);
  const admin = await door.headersOf('admin');
  const large = 'x'.repeat(5 * 1024 * 1024);
  const { status } = await door.ask(
    'POST',
    '/v1/domains',
    { ...admin, 'content-type': 'application/xml' },
    large,
  );
  assert.equal(status, 413);
});

test('Slow clients, floods: who has no session shares a few places, however much he says', async (t) => {
  const gate = new Gate({ most: 40, mostSilent: 10, silentMs: 3000 });
  const door = await openDoor(t, undefined, { gate });
  const admin = await door.headersOf('admin');
  const revoked = await door.headersOf('viewer');
  const host = `host: 127.0.0.1:${door.port}\r\n`;
  // Nothing at all, a half, the page, what is refused, an upgrade that is, and what no route is looked for.
  const texts = [
    '',
    'GET / HT',
    `GET / HTTP/1.1\r\n${host}\r\n`,
    `GET /v1/domains HTTP/1.1\r\n${host}\r\n`,
    `GET /v1/domains HTTP/1.1\r\nhost: evil.test\r\n\r\n`,
    `POST /v1/web/session HTTP/1.1\r\n${host}origin: ${door.origin}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n`,
    `GET /%zz HTTP/1.1\r\n${host}\r\n`,
  ];
  const closed: Promise<unknown>[] = [];
  const flood = async (said: readonly string[]) => {
    for (const text of said) {
      const socket = connect(door.port, '127.0.0.1').on('error', () => undefined);
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      await once(socket, 'connect');
      socket.resume().write(text);
    }
  };
  for (let round = 0; round < 12; round++) {
    await flood(texts);
    assert.ok(gate.count <= 12, `${gate.count} connections`);
    assert.equal((await door.ask('GET', '/v1/domains', admin)).status, 200, `round ${round}`);
  }
  // Nor does one whose session is over keep the places that he had.
  const ended = Object.entries(revoked).map(([name, value]) => `${name}: ${value}\r\n`);
  const asks = `GET /v1/domains HTTP/1.1\r\n${host}${ended.join('')}\r\n`;
  const keeps: Socket[] = [];
  for (let count = 0; count < 15; count++) {
    const socket = connect(door.port, '127.0.0.1').on('error', () => undefined);
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.resume().write(asks);
    await once(socket, 'data');
    keeps.push(socket);
  }
  assert.ok(gate.count >= 15);
  const [, id = ''] = /^ctvirt-([0-9a-f]{8})=/.exec(revoked['cookie'] ?? '') ?? [];
  await door.browsers.revoke(id);
  for (const socket of keeps) socket.write(`GET / HTTP/1.1\r\n${host}\r\n`);
  await Promise.all(closed);
});

test('a token reads metrics and nothing else', async (t) => {
  const door = await openDoor(t);
  const metrics = await door.headersOf('metrics');
  const may = routes.filter(({ route }) => mayAs('metrics', route.role) && route.role !== 'anyone');
  const roles = new Set<Role>(may.map(({ route }) => route.role));
  assert.deepEqual(
    [...roles].filter((role) => role !== 'metrics'),
    [],
  );
  assert.equal((await door.ask('GET', '/v1/domains', metrics)).status, 403);
  assert.equal((await door.ask('GET', '/v1/domains', { authorization: 'Bearer x' })).status, 401);
});
