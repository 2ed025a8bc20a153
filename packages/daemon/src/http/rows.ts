// Lists: one value of JSON, or for who accepts that a line for each row, written while others are still to be found.
// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { setImmediate as others } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { remarking } from './remarks.js';
import type { AnyCall } from './stream.js';

type Rows = AsyncIterable<unknown> | Iterable<unknown>;
type RowsHandler = (call: AnyCall) => Rows | Promise<Rows>;

const ndjson = 'application/x-ndjson';
/** So many characters are written at once, and other clients have their turn. */
const pieceCharacters = 64 * 1024;
/** The first are written sooner: a page shows them. */
const firstCharacters = 8 * 1024;

/** What fails before the first piece is answered as an error; later the connection breaks, and no list is taken for whole. */
export async function answerRows(
  call: AnyCall,
  handler: RowsHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const found = await remarking(reply, () => handler(call));
  if (!accepts(request.headers.accept)) {
    const all: unknown[] = [];
    for await (const row of found) all.push(row);
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(all));
  }
  const pieces = piecesOf(found);
  let piece = await pieces.next();
  reply.hijack();
  const { raw } = reply;
  raw.on('error', (error) => request.log.debug({ err: error }, 'a client of a list went'));
  raw.writeHead(200, {
    ...headersSoFar(reply),
    'content-type': `${ndjson}; charset=utf-8`,
    'cache-control': 'no-store',
  });
  try {
    for (; piece.done !== true && !raw.destroyed; piece = await pieces.next()) await write(raw, piece.value);
    raw.end();
  } catch (error) {
    request.log.error({ err: error, url: request.url }, 'a list broke off');
    raw.destroy();
  } finally {
    await pieces.return(); // whoever left has not seen to its end
  }
  return reply;
}

const accepts = (header = ''): boolean =>
  header.split(',').some((one) => one.split(';')[0]?.trim().toLowerCase() === ndjson);

/** Those that Fastify would have written. */
const headersSoFar = (reply: FastifyReply): Record<string, string> =>
  Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));

async function* piecesOf(rows: Rows): AsyncGenerator<string, void, undefined> {
  let text = '';
  let most = firstCharacters;
  for await (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < most) continue;
    yield text;
    text = '';
    most = pieceCharacters;
  }
  if (text !== '') yield text;
}

/** Who does not read holds up nobody but himself. */
async function write(raw: ServerResponse, text: string): Promise<void> {
  if (raw.write(text)) await others();
  else await drained(raw);
}

const drained = (raw: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      raw.off('drain', done).off('close', done);
      resolve();
    };
    raw.on('drain', done).on('close', done);
  });
