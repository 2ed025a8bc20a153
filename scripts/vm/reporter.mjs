// Writes what node:test sees as one line of JSON for each test, for a serial port.
// SPDX-License-Identifier: Apache-2.0

const kinds = { 'test:start': 'start', 'test:pass': 'pass', 'test:fail': 'fail', 'test:diagnostic': 'note' };

// biome-ignore lint/style/noDefaultExport: Node loads a reporter by its default export
export default async function* report(source) {
  for await (const { type, data } of source) {
    const kind = kinds[type];
    if (kind === undefined || data.details?.type === 'suite') continue;
    const { name, skip, message, details } = data;
    const error = details?.error;
    const text = error && String(error.cause?.stack ?? error.cause ?? error.message);
    yield `${JSON.stringify({ kind, name, skip, message, seconds: (details?.duration_ms ?? 0) / 1000, text })}\n`;
  }
  yield `${JSON.stringify({ kind: 'end' })}\n`;
}
