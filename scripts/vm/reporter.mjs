// What node:test tells, as reports of tests; and a reporter that writes each as one line of JSON, for a serial port.
// SPDX-License-Identifier: Apache-2.0

/**
 * What node:test tells, as far as it is reported; which of it an event has, its type says.
 * @typedef {object} Data
 * @property {string} name
 * @property {string} [file]
 * @property {string | boolean} [skip]
 * @property {string} [message]
 * @property {{ type?: string, duration_ms?: number, error?: Error & { failureType?: string } }} [details]
 */

/** @typedef {import('./machine.mjs').Report} Report */

/** @type {Readonly<Record<string, Report['kind'] | undefined>>} */
const kinds = { 'test:start': 'start', 'test:pass': 'pass', 'test:fail': 'fail', 'test:diagnostic': 'note' };

/**
 * @param {{ type: string, data: Data }} event
 * @returns {Report | undefined}
 */
export function toReport({ type, data: { name, file, skip, message, details } }) {
  const seconds = (details?.duration_ms ?? 0) / 1000;
  // Of a file this alone tells how long it took, its hooks included.
  if (type === 'test:complete' && file !== undefined && name === file) return { kind: 'file', name, seconds };
  const kind = kinds[type];
  if (kind === undefined) return undefined;
  const error = details?.error;
  // A suite is no test, and fails with its tests; or by itself, in a hook, which no test tells of.
  if (details?.type === 'suite' && (error === undefined || error.failureType === 'subtestsFailed'))
    return { kind: 'suite', name, seconds };
  const cause = error?.cause instanceof Error ? error.cause.stack : error?.cause;
  const text = error && String(cause ?? error.message);
  return { kind, name, file, skip, message, seconds, text };
}

/** @param {AsyncIterable<{ type: string, data: Data }>} source */
// biome-ignore lint/style/noDefaultExport: Node loads a reporter by its default export
export default async function* report(source) {
  for await (const event of source) {
    const told = toReport(event);
    if (told !== undefined) yield `${JSON.stringify(told)}\n`;
  }
  yield `${JSON.stringify({ kind: 'end' })}\n`;
}
