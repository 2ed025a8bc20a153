// A session that is over while something of it is under way: half a request, a wait, a stream, a terminal.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeJson, type Route, resources, sessionProtocol } from '@ctvirt/api';
import { until } from '@ctvirt/api/testing';
import { type Headers, type OpenDoor, openDoor } from '../testing/browsers.js';
import { sampleXml } from '../testing/memory-engine.js';

const routes = Object.entries(resources).flatMap(([resource, operations]) =>
  Object.entries<Route>(operations).map(([operation, route]) => ({
    name: `${resource}.${operation}`,
    route,
    path: route.path.replace('{domain}', 'web').replace(/\{\w+\}/g, 'nope'),
  })),
);

const contentTypes = {
  json: 'application/json',
  xml: 'application/xml',
  bytes: 'application/octet-stream',
} as const;

/** A door with a domain that runs, and somebody who was let in. */
async function entered(t: TestContext) {
  const door = await openDoor(t);
  await door.engine.define(sampleXml('web'));
  await door.engine.start('web');
  const headers = await door.headersOf('admin');
  const id = /^ctvirt-([0-9a-f]{8})=/.exec(headers['cookie'] ?? '')?.[1] ?? '';
  const effects: string[] = [];
  t.after(door.engine.onEvent(({ event }) => effects.push(event)));
  t.after(door.engine.networks.onEvent(({ event }) => effects.push(event)));
  return { ...door, headers, id, effects };
}

/** What a connection is told, from its first byte to its end. */
interface Line {
  readonly socket: Socket;
  text(): string;
  readonly over: Promise<unknown>;
}

async function dial({ port }: OpenDoor, method: string, path: string, headers: Headers): Promise<Line> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', () => undefined);
  const over = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  const said = { host: `127.0.0.1:${port}`, ...headers };
  const lines = Object.entries(said).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return { socket, text: () => text, over };
}

/** Whether it ends before anything would that has its own time, such as half a body. */
const endsAtOnce = async (line: Line): Promise<boolean> =>
  await Promise.race([line.over.then(() => true), pause(20_000, false, { ref: false })]);

test('whose session is revoked before the body has come does nothing, whatever was asked for', async (t) => {
  const door = await entered(t);
  const held = routes.filter(({ route }) => route.body.kind !== 'none' && route.role !== 'anyone');
  assert.ok(held.length > 30);
  const lines = await Promise.all(
    held.map(async ({ route: { method, body }, path }) => {
      const type = body.kind === 'none' ? '' : contentTypes[body.kind];
      const text = body.kind === 'xml' ? sampleXml('late') : '{}';
      const more = { 'content-type': type, 'content-length': String(text.length), expect: '100-continue' };
      return { text, line: await dial(door, method, path, { ...door.headers, ...more }) };
    }),
  );
  // Each was let in by then.
  await until(() => lines.every(({ line }) => line.text().startsWith('HTTP/1.1 100')), 'heads are not taken');
  await door.browsers.revoke(door.id);
  for (const { line, text } of lines) line.socket.write(text);
  for (const [at, { line }] of lines.entries()) {
    assert.ok(await endsAtOnce(line), `${held[at]?.name} is open still`);
    assert.doesNotMatch(line.text(), /HTTP\/1\.1 [2-5]/, held[at]?.name);
  }
  assert.deepEqual(door.effects, []);
  assert.deepEqual(
    door.engine.list().map(({ name }) => name),
    ['web'],
  );
});

test('whatever waits or is told for long ends with its session, at once', async (t) => {
  const door = await entered(t);
  const listeners = door.engine.listeners();
  const wait = JSON.stringify({ for: 'stopped', timeoutMs: 60_000 });
  const body = { 'content-type': 'application/json', 'content-length': String(wait.length) };
  const waiting = await dial(door, 'POST', '/v1/domains/web/wait', { ...door.headers, ...body });
  waiting.socket.write(wait);
  const streams = await Promise.all(
    routes
      .filter(({ route: { method, answer } }) => method === 'GET' && answer.kind === 'lines')
      .map(({ path }) => dial(door, 'GET', path, door.headers)),
  );
  assert.ok(streams.length > 2);
  const upgrade = { connection: 'upgrade', upgrade: sessionProtocol };
  const sessions = await Promise.all(
    ['exec', 'exec', 'console'].map((word) =>
      dial(door, 'GET', `/v1/domains/web/${word}`, { ...door.headers, ...upgrade }),
    ),
  );
  sessions[1]?.socket.write(encodeJson('open', { argv: ['cat'] }));
  sessions[2]?.socket.write(encodeJson('open', {}));
  await until(() => streams.every(({ text }) => text().startsWith('HTTP/1.1 200')), 'no streams');
  await until(() => sessions.every(({ text }) => text().startsWith('HTTP/1.1 101')), 'no sessions');
  await until(() => door.engine.liveSessions() === 1, 'no program');
  await door.browsers.revoke(door.id);
  // What had not been opened is not opened any more.
  sessions[0]?.socket.write(encodeJson('open', { argv: ['cat'] }));
  for (const line of [waiting, ...streams, ...sessions]) assert.ok(await endsAtOnce(line), line.text());
  assert.equal(waiting.text(), '');
  await until(() => door.engine.liveSessions() === 0, 'a program goes on');
  await until(() => door.engine.listeners() === listeners, 'somebody listens');
});

test('what takes its time to begin does not outlive the session that asked for it, kept or not', async (t) => {
  for (const keep of [true, false]) {
    const door = await entered(t);
    const { exec } = door.engine;
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let begun = false;
    Object.assign(door.engine, {
      exec: async (...asked: Parameters<typeof exec>) => {
        begun = true;
        await held;
        return await exec(...asked);
      },
    });
    const upgrade = { connection: 'upgrade', upgrade: sessionProtocol };
    const line = await dial(door, 'GET', '/v1/domains/web/exec', { ...door.headers, ...upgrade });
    line.socket.write(encodeJson('open', { argv: ['sleep', '600'], tty: true, keep }));
    await until(() => begun, 'nothing is asked for');
    await door.browsers.revoke(door.id);
    assert.ok(await endsAtOnce(line));
    go();
    await pause(50);
    await until(() => door.engine.liveSessions() === 0, `a program goes on, keep is ${keep}`);
  }
});

test('who ends the session by which he asks is told so, whichever way he does', async (t) => {
  for (const own of [true, false]) {
    const { ask, headers, id } = await entered(t);
    const path = own ? '/v1/web/session' : `/v1/web/${id}`;
    const { status } = await ask('DELETE', path, headers);
    assert.equal(status, own ? 204 : 200);
    assert.equal((await ask('GET', '/v1/web/session', headers)).status, 401);
  }
});
