// The daemon's end of exec and console connections, over HTTP Upgrade: bare, or as a WebSocket for browsers.
// SPDX-License-Identifier: Apache-2.0
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import {
  decodeNumber,
  decodeResize,
  decodeText,
  type ErrorBody,
  encodeFrame,
  encodeJson,
  encodeNumber,
  type Frame,
  FrameDecoder,
  FrameError,
  type FrameType,
  maxDataBytes,
  maxPayloadBytes,
  type Route,
  sessionProtocol,
} from '@ctvirt/api';
import { type Engine, EngineError, passedSignals } from '@ctvirt/engine';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import type { Door, Visitor } from './door.js';
import { failed } from './failure.js';
import type { ServedSession } from './handler.js';
import { type Lender, lenderOf } from './lending.js';
import { Refusal } from './refusal.js';
import { SessionInput } from './session-input.js';
import type { AnyCall } from './stream.js';
import type { Named, Terminals } from './terminals.js';
import { admitBody } from './validation.js';

type OpenHandler = (call: AnyCall, open: unknown, lend: Lender) => Promise<ServedSession>;

/** A route that is upgraded to a session, with what opens its program or console. */
export interface SessionRoute {
  readonly route: Route;
  readonly handler: OpenHandler;
}

/** A client that asked for a session says within this time what it wants. */
const openTimeoutMs = 10_000;
/** How long a client that has all of a session may take to close it. */
const closeMs = 10_000;
/** A WebSocket that does not answer for so long has nobody at its end. */
const pingMs = 15_000;
/** So much of a command line is told of a terminal that is kept. */
const programCharacters = 200;

/** What sessions come by and belong to. */
export interface SessionPlace {
  readonly door: Door;
  readonly terminals: Terminals;
  readonly engine: Pick<Engine, 'summary'>;
}

/** Serves the session routes of an app to who comes by its door; its close ends every session. */
export function acceptSessions(
  app: FastifyInstance,
  routes: readonly SessionRoute[],
  { door, terminals, engine }: SessionPlace,
): void {
  const live = new Set<SessionServer>();
  let isClosing = false;
  const table = routes.map(({ route, handler }) => ({ ...matcher(route), role: route.role, route, handler }));
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => app.log.debug({ err: error }, "a session's client went"));
    const path = (request.url ?? '').split('?')[0] ?? '';
    const found = table.find(({ match }) => match(path) !== undefined);
    const params = found?.match(path);
    let visitor: Visitor;
    let session: SessionServer | undefined;
    try {
      visitor = door.admit(request, { role: found?.role ?? 'viewer', isUpgrade: true });
      const end = (): void => {
        session?.end();
        socket.destroy();
      };
      socket.once('close', visitor.hold(end, { isLong: true }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refuse(socket, error.status, error.body);
    }
    if (found === undefined || params === undefined)
      return refuse(socket, 404, { code: 'not-found', message: `no such operation: upgrade of ${path}` });
    const { admitOpen, handler, route } = found;
    upgrade({ request, socket, head, log: app.log }, (client) => {
      const caller = { session: visitor.session, setCookie: () => undefined, letGo: () => undefined };
      const call = { params, query: {}, body: undefined, caller };
      const open = async (value: unknown) => {
        visitor.confirm();
        const wish = admitOpen(value);
        const begin = () => handler(call, wish, lenderOf(client));
        const named = keptAs(route, wish, () => engine.summary(params['domain'] ?? ''));
        return await (named === undefined ? begin() : terminals.open(named, { visitor, door }, begin));
      };
      if (isClosing) {
        client.destroy();
        return;
      }
      const opened = new SessionServer(client, open, app.log, () => live.delete(opened));
      session = opened;
      live.add(opened);
      opened.begin();
    });
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const session of live) session.end();
    terminals.endOf(door);
  });
}

/** What is to be kept of what a client opens; undefined where it ends with its client. */
function keptAs(
  { path }: Route,
  wish: unknown,
  find: () => { readonly name: string; readonly uuid: string },
): Named | undefined {
  if (typeof wish !== 'object' || wish === null || !('keep' in wish) || wish.keep !== true) return undefined;
  const isConsole = path.endsWith('/console');
  if (isConsole || ('tty' in wish && wish.tty === true)) {
    const { name: domain, uuid } = find();
    if (isConsole) return { domain, uuid, kind: 'console', program: null };
    const words = 'argv' in wish && Array.isArray(wish.argv) ? wish.argv : [];
    return { domain, uuid, kind: 'exec', program: words.join(' ').slice(0, programCharacters) };
  }
  throw new EngineError('invalid', 'open: a program without a terminal (tty) cannot be kept');
}

/** Makes the connection a WebSocket; the package that does is loaded for the first, since most daemons never see one. */
async function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  begin: (client: Duplex) => void,
): Promise<void> {
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  // Text and compression are no part of it, and a message is at most one frame of ours.
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxPayloadBytes + maxDataBytes,
    handleProtocols: (offered) => offered.has(sessionProtocol) && sessionProtocol,
  });
  server.handleUpgrade(request, socket, head, (webSocket) => {
    dropSilent(webSocket);
    begin(createWebSocketStream(webSocket, { allowHalfOpen: false }));
  });
}

/** A browser answers by itself; one whose computer sleeps or has no network any more does not, and says nothing of it. */
function dropSilent(webSocket: WebSocket): void {
  let isHeard = true;
  webSocket.on('pong', () => {
    isHeard = true;
  });
  const timer = setInterval(() => {
    if (!isHeard) webSocket.terminate();
    isHeard = false;
    if (webSocket.readyState === webSocket.OPEN) webSocket.ping();
  }, pingMs);
  webSocket.on('close', () => clearInterval(timer));
}

/** Somebody asks for another protocol on a connection. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly log: FastifyBaseLogger;
}

/** Hands over the client's connection in whichever of the two ways it asked for, or refuses it in HTTP. */
function upgrade({ request, socket, head, log }: Upgrade, begin: (client: Duplex) => void): void {
  const wanted = request.headers.upgrade?.toLowerCase();
  if (wanted === sessionProtocol) {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${sessionProtocol}\r\n\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    begin(socket);
  } else if (wanted !== 'websocket')
    refuse(socket, 426, {
      code: 'invalid',
      message: `upgrade to ${sessionProtocol} or websocket, nothing else`,
    });
  else if (!offers(request, sessionProtocol))
    refuse(socket, 400, { code: 'invalid', message: `the WebSocket's protocol is ${sessionProtocol}` });
  else
    acceptWebSocket(request, socket, head, begin).catch((error: unknown) => {
      const { status, body } = failed(error, log, { url: request.url });
      refuse(socket, status, body);
    });
}

const offers = ({ headers }: IncomingMessage, protocol: string): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((offered) => offered.trim() === protocol);

function matcher(route: Route) {
  const names: string[] = [];
  const pattern = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return '([^/]+)';
  });
  const expression = new RegExp(`^${pattern}$`);
  const match = (path: string): Record<string, string> | undefined => {
    const found = expression.exec(path);
    if (found === null) return undefined;
    try {
      return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(found[at + 1] ?? '')]));
    } catch {
      return undefined; // A broken escape names nothing of ours.
    }
  };
  const open = route.answer.kind === 'session' ? route.answer.open : {};
  return { match, admitOpen: admitBody(open, 'open') };
}

function refuse(socket: Duplex, status: number, body: ErrorBody): void {
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

/**
 * Never stops reading its socket, whatever the program does with its input: only so does it notice a client that
 * goes. What a client may have under way is bounded by the window it gets back as `consumed`.
 */
class SessionServer {
  readonly #decoder = new FrameDecoder();
  #program: ServedSession | undefined;
  #input: SessionInput | undefined;
  #isOpening = false;
  #ended = false;
  readonly #openTimer: NodeJS.Timeout;

  constructor(
    private readonly socket: Duplex,
    private readonly open: (value: unknown) => Promise<ServedSession>,
    private readonly log: FastifyBaseLogger,
    private readonly onEnd: () => void,
  ) {
    this.#openTimer = setTimeout(
      () => this.#fail(new EngineError('timeout', 'the client did not say what to open')),
      openTimeoutMs,
    );
  }

  begin(): void {
    this.socket.on('error', (error) => this.log.debug({ err: error }, "a session's client went"));
    this.socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.socket.on('end', () => this.end());
    this.socket.on('close', () => this.end());
  }

  /** The client went, or the daemon goes: the program ends with its session, unless it is kept. */
  end(): void {
    if (!this.#finish()) return;
    this.#leave();
    this.socket.destroy();
  }

  #leave(): void {
    if (this.#program?.kept === undefined) this.#program?.kill();
    else this.#program.kept.leave();
  }

  #finish(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#openTimer);
    this.onEnd();
    return true;
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    const { body } = failed(error, this.log);
    this.#last(encodeJson('failed', body));
    this.#leave();
  }

  #last(frame: Uint8Array): void {
    if (!this.#finish()) return;
    this.socket.end(frame, () => setTimeout(() => this.socket.destroy(), closeMs).unref());
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const frame of this.#decoder.push(chunk)) if (!this.#ended) this.#onFrame(frame);
    } catch (error) {
      this.#fail(error instanceof FrameError ? new EngineError('invalid', error.message) : error);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === 'open') {
      void this.#open(frame);
      return;
    }
    const act = this.#actions[frame.type];
    if (act === undefined) throw new FrameError(`a client sends no ${frame.type} frame`);
    if (this.#program === undefined) throw new FrameError(`a ${frame.type} frame before the session is open`);
    act(frame, this.#program);
  }

  readonly #actions: { readonly [T in FrameType]?: (frame: Frame, program: ServedSession) => void } = {
    stdin: ({ payload }) => this.#input?.push(payload),
    stdinEnd: () => this.#input?.end(),
    resize: (frame, program) => {
      const { columns, rows } = decodeResize(frame);
      program.resize(columns, rows);
    },
    signal: (frame, program) => {
      const number = decodeNumber(frame);
      const name = passedSignals.find((one) => constants.signals[one] === number);
      if (name === undefined) throw new FrameError(`signal ${number} is none that is passed on`);
      program.signal(name);
    },
    kill: (_, program) => program.kill(),
    seen: (frame, { kept }) => {
      if (kept === undefined) throw new FrameError('a seen frame of what is not kept');
      kept.seen(decodeNumber(frame));
    },
  };

  async #open(frame: Frame): Promise<void> {
    try {
      if (this.#isOpening) throw new FrameError('a session opens once');
      this.#isOpening = true;
      clearTimeout(this.#openTimer);
      const program = await this.open(parseOpen(frame));
      this.#program = program;
      this.#input = new SessionInput(program.stdin, this.socket);
      // The client may have gone while the program was starting.
      if (this.#ended) return this.#leave();
      this.socket.write(
        program.kept === undefined ? encodeFrame('opened') : encodeJson('opened', program.kept.told),
      );
      await this.#serve(program);
    } catch (error) {
      this.#fail(error instanceof FrameError ? new EngineError('invalid', error.message) : error);
    }
  }

  async #serve(program: ServedSession): Promise<void> {
    program.stdin.on('error', (error) => this.log.debug({ err: error }, 'a program closed its input'));
    const passed = [this.#passed('stdout', program), this.#passed('stderr', program)];
    const status = await program.exited;
    await Promise.all(passed);
    this.#last(encodeNumber('exited', status));
    program.kept?.leave();
  }

  /** Passes one stream on as frames, no faster than the client reads; resolves at its end, or that of the session. */
  #passed(type: 'stdout' | 'stderr', program: ServedSession): Promise<void> {
    const stream = program[type];
    stream.on('data', (chunk: Buffer) => {
      let hasRoom = true;
      for (let at = 0; at < chunk.length && !this.#ended; at += maxDataBytes)
        hasRoom = this.socket.write(encodeFrame(type, chunk.subarray(at, at + maxDataBytes)));
      if (hasRoom) return;
      stream.pause();
      this.socket.once('drain', () => stream.resume());
    });
    return new Promise((resolve) => {
      const over = (): void => resolve();
      stream.once('end', over).once('close', over).once('error', over);
      this.socket.once('close', over);
    });
  }
}

function parseOpen(frame: Frame): unknown {
  try {
    return JSON.parse(decodeText(frame));
  } catch (cause) {
    throw new EngineError('invalid', 'open: no JSON', {}, { cause });
  }
}
