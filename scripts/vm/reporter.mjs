// Writes what node:test sees as one line of JSON for each test, for a serial port.
// SPDX-License-Identifier: Apache-2.0

const kinds = { 'test:start': 'start', 'test:pass': 'pass', 'test:fail': 'fail', 'test:diagnostic': 'note' };

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
    const text = isOwn ? String(error.cause?.stack ?? error.cause ?? error.message) : undefined;
    yield `${JSON.stringify({ kind, name, skip, message, seconds: (details?.duration_ms ?? 0) / 1000, text })}\n`;
  }
  yield `${JSON.stringify({ kind: 'end' })}\n`;
}
