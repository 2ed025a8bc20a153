// Lines of `key number`, as many files of the kernel have them.
// SPDX-License-Identifier: Apache-2.0

/** The number behind a key, null without such a line; few of many are asked for. */
export function keyed(text: string): (key: string) => number | null {
  return (key) => {
    const head = `${key} `;
    const isFirst = text.startsWith(head);
    const before = isFirst ? -1 : text.indexOf(`\n${head}`);
    if (before < 0 && !isFirst) return null;
    const start = before + 1 + head.length;
    const end = text.indexOf('\n', start);
    return Number(text.slice(start, end < 0 ? undefined : end));
  };
}
