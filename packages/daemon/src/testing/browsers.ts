// A daemon in memory whose door for browsers is open, and requests by hand that say whatever they like.
// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Role, WebRequest } from '@ctvirt/api';
import { pino } from 'pino';
import type { ClientRules } from '../http/clients.js';
import { createHttpApp } from '../http/server.js';
import { Terminals } from '../http/terminals.js';
import { parseSettings } from '../settings.js';
import { type Assets, readAssets } from '../web/assets.js';
import { Browsers } from '../web/browsers.js';
import { type MemoryEngine, memoryEngine } from './memory-engine.js';

/** What a request says, beside its method and path. */
export type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Who asks: undefined is nobody. */
export type Caller = Exclude<Role, 'anyone'> | undefined;

export interface OpenDoor {
  readonly engine: MemoryEngine;
  readonly browsers: Browsers;
  readonly terminals: Terminals;
  readonly origin: string;
  readonly port: number;
  /** What a request of this role's session says. */
  headersOf(caller: Caller): Promise<Headers>;
  ask(method: string, path: string, headers: Headers, body?: string): Promise<Answer>;
}

/** Below those that the kernel gives to whoever asks for any, where others that run beside this would get the same one meanwhile. */
const [FIRST_PORT, PORTS] = [10_000, 20_000];
let tried = 0;

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Processes that were begun together do not try the same ones.
    const port = FIRST_PORT + ((process.pid + 977 * tried++) % PORTS);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Nobody comes in before it is started, or somebody is let in. */
export function browsersAt(
  t: TestContext,
  port: number,
  engine: MemoryEngine,
  page: Assets = readAssets('/nowhere'),
  clients?: ClientRules,
  terminals = new Terminals(),
): Browsers {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-web-'));
  const log = pino({ level: 'silent' });
  const browsers = new Browsers({
    layout: { run: folder, lib: folder },
    settings: parseSettings(`web_listen = "127.0.0.1:${port}"\n`, 'ctvirtd.conf'),
    log,
    readPage: () => page,
    appOf: (doors) => createHttpApp(engine, log, clients, { ...doors, terminals }),
  });
  t.after(async () => {
    await browsers.close();
    rmSync(folder, { recursive: true });
  });
  return browsers;
}

export async function openDoor(t: TestContext, page?: Assets, clients?: ClientRules): Promise<OpenDoor> {
  const engine = await memoryEngine(t);
  const port = await freePort();
  const terminals = new Terminals();
  const browsers = browsersAt(t, port, engine, page, clients, terminals);
  await browsers.start();
  const origin = `http://127.0.0.1:${port}`;
  const ask: OpenDoor['ask'] = (method, path, headers, body) => askAt(port, method, path, headers, body);
  return {
    ...{ engine, browsers, terminals, origin, port, ask },
    headersOf: async (caller) => (caller === undefined ? { origin } : await enter(browsers, origin, caller)),
  };
}

/** What the page of a session says with each request, or a program that has a token. */
async function enter(
  browsers: Browsers,
  origin: string,
  role: NonNullable<WebRequest['role']>,
): Promise<Headers> {
  const { link, token } = await browsers.open({ role });
  if (token !== null) return { authorization: `Bearer ${token}` };
  const { key, cookie } = await browsers.enter(new URL(link ?? '').hash.slice('#t='.length));
  return { origin, 'x-ctvirt-key': key.key, cookie: cookie.split(';')[0] ?? '' };
}

/** The answer's head and its first bytes: some go on for ever. An upgrade that is taken is 101. */
function askAt(port: number, method: string, path: string, headers: Headers, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const call = request({
      ...{ host: '127.0.0.1', port, method, path },
      agent: false,
      headers: { ...length, ...headers },
    });
    call.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: '' });
    });
    call.on('response', (answer) => {
      const told = { status: answer.statusCode ?? 0, headers: answer.headers };
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () => resolve({ ...told, text }));
      answer.on('error', () => undefined);
      if (answer.headers['content-type']?.startsWith('application/x-ndjson') !== true) return;
      call.destroy();
      resolve({ ...told, text });
    });
    call.on('error', reject).end(body);
  });
}
