// Lists as scripts read them: names and UUIDs alone, one line each.
// SPDX-License-Identifier: Apache-2.0
import type { Options } from '../verb.js';

/** What of each is printed in place of a table. */
export const plainOptions = {
  name: { type: 'flag', summary: 'Print names, one a line' },
  uuid: { type: 'flag', summary: 'Print UUIDs, one a line' },
} as const satisfies Options;

interface Named {
  readonly name: string;
  readonly uuid: string;
}

/** A line for each, of what is asked for: `first`, the UUID, the name; undefined where nothing is. */
export function plainLines<T extends Named>(
  items: readonly T[],
  { name, uuid }: { readonly [key in keyof Named]: boolean },
  first: readonly ((item: T) => string)[] = [],
): string | undefined {
  const cells = [
    ...first,
    ...(uuid ? [(item: T) => item.uuid] : []),
    ...(name ? [(item: T) => item.name] : []),
  ];
  if (cells.length === 0) return undefined;
  return items.map((item) => `${cells.map((cell) => cell(item)).join(' ')}\n`).join('');
}
