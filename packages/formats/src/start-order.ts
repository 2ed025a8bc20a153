// In which order domains start by themselves with the host; they are shut down with it in the reverse one.
// SPDX-License-Identifier: Apache-2.0

/** Where a domain stands among those that start with the host. */
export interface Ordered {
  /** Lower ones start earlier; those without one start last. */
  readonly order?: number | undefined;
}

/** Those of each order, the first to start first; within one nothing is said of the order. */
export function inStartOrder<T extends Ordered>(all: Iterable<T>): T[][] {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const order = one.order ?? Number.POSITIVE_INFINITY;
    const group = groups.get(order);
    if (group === undefined) groups.set(order, [one]);
    else group.push(one);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
