// Filters of list calls: groups of flags are ANDed, the flags of a group ORed, a group without a flag lets all pass.
// SPDX-License-Identifier: Apache-2.0

/** One flag and what it lets pass. */
export type FilterFlag<T> = readonly [bit: number, passes: (item: T) => boolean];

/** The items that pass; bits of no group are ignored, as all that they could stand for is absent here. */
export function filtered<T>(
  items: readonly T[],
  flags: number,
  groups: readonly (readonly FilterFlag<T>[])[],
): T[] {
  const asked = groups.map((group) => group.filter(([bit]) => (flags & bit) !== 0));
  return items.filter((item) =>
    asked.every((group) => group.length === 0 || group.some(([, passes]) => passes(item))),
  );
}

/** The answer of a list call: without `needResults` only their number. */
export function listed<T>(items: T[], needResults: number): { items: T[]; ret: number } {
  return { items: needResults === 0 ? [] : items, ret: items.length };
}
