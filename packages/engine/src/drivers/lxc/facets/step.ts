// One thing that a live change does to a container, and how it is taken back.
// SPDX-License-Identifier: Apache-2.0
/** Steps are done in order, and undone in reverse order. */
export interface Step {
  readonly do: () => void | Promise<void>;
  readonly undo: () => void | Promise<void>;
  /** Whether it may be done by half, so that it is taken back even if it fails. */
  readonly isGradual?: boolean;
  /** Whether it has no effect any more: another daemon, killed since, has done it. */
  readonly isDone?: () => boolean | Promise<boolean>;
}

/** What goes and what comes: the one is done by what undoes the other. */
export function exchangeSteps<One>(
  gone: readonly One[],
  come: readonly One[],
  ways: {
    readonly add: (one: One) => Promise<void>;
    readonly remove: (one: One) => Promise<void>;
    readonly isThere: (one: One) => boolean | Promise<boolean>;
  },
): Step[] {
  const { add, remove, isThere } = ways;
  return [
    ...gone.map(
      (one): Step => ({
        do: () => remove(one),
        undo: () => add(one),
        isDone: async () => !(await isThere(one)),
      }),
    ),
    ...come.map(
      (one): Step => ({
        do: () => add(one),
        undo: () => remove(one),
        isDone: () => isThere(one),
      }),
    ),
  ];
}
