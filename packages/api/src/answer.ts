// A good answer's body to the value its route promises; what is not as promised is refused.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from './errors.js';
import type { Answer } from './route.js';
import type { Progress } from './shapes/template.js';
import type { Reply } from './transport.js';
import type { Check } from './validate.js';
import { parseErrorBody, parseJson, parseLines } from './wire.js';

/** What a call takes besides its input. */
export interface CallOptions {
  /** Ends the call, and with it a long operation on the daemon's side. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Whether a long operation goes on when this call is ended, or its connection: it is among the jobs. */
  readonly detached?: boolean | undefined;
  /** Hears the tag of a document that is answered, which `ifMatch` of a later call may say. */
  readonly onTag?: ((tag: string) => void) | undefined;
}

/** Besides, of a list: hears each row as it comes. */
interface ReadOptions extends CallOptions {
  readonly onRow?: ((row: unknown) => void) | undefined;
}

type Kind = Exclude<Answer['kind'], 'session'>;
type Reader = (reply: Reply, check: Check, options: ReadOptions) => Promise<unknown>;

const readers: { readonly [K in Kind]: Reader } = {
  none: async (reply) => reply.skip(),
  json: async (reply, check) => admit(parseJson(await reply.text()), check),
  text: (reply) => reply.text(),
  rows: readRows,
  lines: async (reply, check, { signal }) => readLines(reply, check, signal),
  progress: readProgress,
};

/** Reads an answer; throws ApiError if the connection breaks in its middle or it is not as `check` says. */
export async function readAnswer(
  kind: Kind,
  reply: Reply,
  check: Check,
  options: ReadOptions,
): Promise<unknown> {
  try {
    return await readers[kind](reply, check, options);
  } catch (cause) {
    throw toApiError(cause, options.signal);
  }
}

function admit(value: unknown, check: Check): unknown {
  const fault = check(value);
  if (fault !== undefined)
    throw new ApiError('bad-answer', `the daemon's answer is not as the contract says: ${fault}`);
  return value;
}

/** As they come where somebody hears them; those that came before the connection breaks he has heard. */
async function readRows(reply: Reply, check: Check, { onRow }: ReadOptions): Promise<unknown[]> {
  const rows: unknown[] = [];
  if (onRow === undefined) {
    const list = parseJson(await reply.text());
    if (!Array.isArray(list)) throw new ApiError('bad-answer', "the daemon's answer is no list");
    for (const row of list) rows.push(admit(row, check));
    return rows;
  }
  for await (const line of parseLines(reply.pieces())) {
    const row = admit(line, check);
    rows.push(row);
    onRow(row);
  }
  return rows;
}

function toApiError(cause: unknown, signal: AbortSignal | undefined): ApiError {
  if (cause instanceof ApiError) return cause;
  return signal?.aborted
    ? new ApiError('interrupted', 'interrupted', {}, { cause })
    : new ApiError('unreachable', 'the connection to the daemon broke', {}, { cause });
}

async function* readLines(reply: Reply, check: Check, signal?: AbortSignal): AsyncGenerator<unknown> {
  try {
    for await (const line of parseLines(reply.pieces())) yield admit(line, check);
  } catch (cause) {
    const error = toApiError(cause, signal);
    // Whoever gave the signal knows that it is the end.
    if (error.code !== 'interrupted') throw error;
  } finally {
    reply.leave();
  }
}

const isProgress = (value: unknown): value is Progress =>
  typeof value === 'object' &&
  value !== null &&
  'phase' in value &&
  typeof value.phase === 'string' &&
  'done' in value &&
  typeof value.done === 'number' &&
  (!('total' in value) || typeof value.total === 'number');

async function readProgress(reply: Reply, check: Check, options: CallOptions): Promise<unknown> {
  for await (const line of parseLines(reply.pieces())) {
    if (typeof line !== 'object' || line === null) continue;
    if ('error' in line) throw ApiError.fromBody(parseErrorBody(JSON.stringify(line.error)));
    if ('result' in line) return admit(line.result, check);
    if ('progress' in line && isProgress(line.progress)) options.onProgress?.(line.progress);
  }
  throw new ApiError('bad-answer', 'the daemon ended in the middle of the operation');
}
