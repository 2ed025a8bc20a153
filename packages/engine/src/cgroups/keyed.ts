// Lines of `key number`, as many files of the kernel have them.
// SPDX-License-Identifier: Apache-2.0

/** The number behind a key, null without such a line; few of many are asked for. */
export function keyed(text: string): (key: string) => number | null {
  const lines = `\n${text}`;
  return (key) => {
    const at = lines.indexOf(`\n${key} `);
    if (at < 0) return null;
    const start = at + key.length + 2;
    const end = lines.indexOf('\n', start);
    return Number(lines.slice(start, end < 0 ? undefined : end));
  };
}
