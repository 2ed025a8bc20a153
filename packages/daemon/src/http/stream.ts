// Answers that take their time: NDJSON lines until someone ends it, and long operations with progress.
// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import type { Progress } from '@ctvirt/api';
import type { Watched } from '@ctvirt/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionView } from './door.js';
import { failed } from './failure.js';

/** Who asks. */
export interface Caller {
  /** Undefined of root at the daemon's own socket, and of who has no session yet. */
  readonly session: SessionView | undefined;
  setCookie(cookie: string): void;
  /** Its session may end before this is answered. */
  letGo(): void;
}

/** A checked request whose route is known only to its handler. */
export interface AnyCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: Caller;
  readonly tags?: readonly string[] | undefined;
}

const headers = {
  'content-type': 'application/x-ndjson; charset=utf-8',
  'cache-control': 'no-store',
  // A proxy such as nginx keeps an answer until there is enough of it, and a page behind it would hear of nothing.
  'x-accel-buffering': 'no',
};
/** A reader that leaves so much lying is cut off: one stuck client must not fill the daemon's memory. */
const maxUnreadBytes = 4 * 1024 * 1024;
/** An empty line now and then finds the client that went without a word. */
const keepaliveMs = 30_000;
/** At most one progress line in this time, beside each phase's first. */
const progressEveryMs = 100;

const writeLine = (raw: ServerResponse, value: unknown): boolean => raw.write(`${JSON.stringify(value)}\n`);

/** From now on the answer is ours; what its door says of every answer goes along. */
function takeOver(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.hijack();
  reply.raw.writeHead(200, headers);
}

type Leave = () => void;
type LinesHandler = (call: AnyCall, send: (line: unknown) => void, end: () => void) => Leave | Promise<Leave>;

/** Takes the reply over and sends lines of JSON until the client goes; one that does not read is cut off. */
export async function answerLines(
  call: AnyCall,
  handler: LinesHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { raw } = reply;
  // Told before the answer has its head, which is another one where the handler throws.
  const early: unknown[] = [];
  const state = { isOpen: false, isOver: false };
  const send = (line: unknown): void => {
    if (!state.isOpen) {
      early.push(line);
      return;
    }
    // What it has not read of the lines before: a single one may be longer, and is no fault of its own.
    if (raw.writableLength > maxUnreadBytes) {
      request.log.warn({ url: request.url }, 'a client does not read its events: cut off');
      raw.destroy();
      return;
    }
    writeLine(raw, line);
  };
  const end = (): void => {
    state.isOver = true;
    if (state.isOpen) raw.end();
  };
  const unsubscribe = await handler(call, send, end);
  takeOver(reply);
  // The head must not wait for the first event: it tells the client that from now on nothing is missed.
  raw.flushHeaders();
  state.isOpen = true;
  for (const line of early) writeLine(raw, line);
  if (state.isOver) raw.end();
  const keepalive = setInterval(() => raw.write('\n'), keepaliveMs);
  const leave = (): void => {
    clearInterval(keepalive);
    unsubscribe();
  };
  // Who went before this began is not heard to go any more.
  if (raw.destroyed) leave();
  else raw.on('close', leave);
  raw.on('error', (error) => request.log.debug({ err: error }, 'a client of events went'));
}

type ProgressHandler = (call: AnyCall, watched: Required<Watched>) => Promise<unknown>;

/** Whether it goes on when its client leaves, for whom there is the list of jobs then (RFC 7240). */
const isDetached = ({ headers: { prefer } }: FastifyRequest): boolean =>
  String(prefer ?? '')
    .split(',')
    .some((one) => one.trim().toLowerCase() === 'respond-async');

/** Errors before the first progress are answered with their own status, later ones as the last line. */
export async function answerProgress(
  call: AnyCall,
  handler: ProgressHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { raw } = reply;
  const gone = isDetached(request) ? new AbortController().signal : request.gone;
  const start = () => {
    if (raw.headersSent) return;
    takeOver(reply);
  };
  let lastPhase: string | undefined;
  let lastMs = 0;
  const onProgress = (progress: Progress) => {
    const nowMs = performance.now();
    if (progress.phase === lastPhase && nowMs - lastMs < progressEveryMs) return;
    lastPhase = progress.phase;
    lastMs = nowMs;
    start();
    if (!raw.destroyed) writeLine(raw, { progress });
  };
  try {
    const result = await handler(call, { onProgress, signal: gone });
    start();
    raw.end(`${JSON.stringify({ result })}\n`);
  } catch (error) {
    if (!raw.headersSent) throw error;
    const { body } = failed(error, request.log, { url: request.url });
    raw.end(`${JSON.stringify({ error: body })}\n`);
  }
}
