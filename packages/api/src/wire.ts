// Texts of an answer to values: JSON, error bodies, lines of a stream.
// SPDX-License-Identifier: Apache-2.0
import { ApiError } from './errors.js';
import type { ErrorBody } from './shapes/error-body.js';

const maxLineCharacters = 64 * 1024 * 1024;

/** Parses a JSON text; throws ApiError `bad-answer` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('bad-answer', `the daemon's answer is no JSON: ${text.slice(0, 80)}`, {}, { cause });
  }
}

/** An error body, whatever stands in its place: a proxy's HTML page still yields a message. */
export function parseErrorBody(text: string): ErrorBody {
  const unreadable: ErrorBody = {
    code: 'internal',
    message: `the daemon answered: ${text.slice(0, 200).trim()}`,
  };
  try {
    const body: unknown = JSON.parse(text);
    return isErrorBody(body) ? body : unreadable;
  } catch {
    return unreadable; // The text itself is the best there is to show.
  }
}

const isErrorBody = (body: unknown): body is ErrorBody =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  typeof body.code === 'string' &&
  'message' in body &&
  typeof body.message === 'string' &&
  (!('findings' in body) || body.findings === undefined || Array.isArray(body.findings)) &&
  (!('details' in body) ||
    body.details === undefined ||
    (typeof body.details === 'object' && body.details !== null));

/** The values of an NDJSON stream, one a line; empty lines keep a connection alive and are passed over. */
export async function* parseLines(pieces: AsyncIterable<string>): AsyncGenerator<unknown, void, undefined> {
  let rest = '';
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > maxLineCharacters) throw new ApiError('bad-answer', 'the daemon sent an endless line');
    for (const part of parts) if (part.trim() !== '') yield parseJson(part);
  }
  if (rest.trim() !== '') yield parseJson(rest);
}
