// Writes what node:test sees as one line of JSON for each test, for a serial port.
// SPDX-License-Identifier: Apache-2.0

/**
 * What node:test tells, as far as it is written; which of it an event has, its type says.
 * @typedef {object} Data
 * @property {string} name
 * @property {string | boolean} [skip]
 * @property {string} [message]
 * @property {{ type?: string, duration_ms?: number, error?: Error & { failureType?: string } }} [details]
 */

/** @type {Readonly<Record<string, import('./machine.mjs').Report['kind'] | undefined>>} */
const kinds = { 'test:start': 'start', 'test:pass': 'pass', 'test:fail': 'fail', 'test:diagnostic': 'note' };

/** @param {AsyncIterable<{ type: string, data: Data }>} source */
// biome-ignore lint/style/noDefaultExport: Node loads a reporter by its default export
export default async function* report(source) {
  for await (const { type, data } of source) {
    const isSuite = data.details?.type === 'suite';
    if (kinds[type] === undefined) continue;
    const kind = isSuite ? 'suite' : kinds[type];
    const { name, skip, message, details } = data;
    const error = details?.error;
    // A suite fails with its tests, or by itself.
    const isOwn = error && !(isSuite && error.failureType === 'subtestsFailed');
    const cause = error?.cause instanceof Error ? error.cause.stack : error?.cause;
    const text = isOwn ? String(cause ?? error.message) : undefined;
    yield `${JSON.stringify({ kind, name, skip, message, seconds: (details?.duration_ms ?? 0) / 1000, text })}\n`;
  }
  yield `${JSON.stringify({ kind: 'end' })}\n`;
}
