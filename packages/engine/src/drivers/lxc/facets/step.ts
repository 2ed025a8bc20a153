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
