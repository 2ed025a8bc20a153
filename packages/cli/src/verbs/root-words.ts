// What is said of kept roots.
// SPDX-License-Identifier: Apache-2.0

/** How many there are, and which. */
export const snapshotsIn = (names: readonly string[]): string =>
  `${names.length} snapshot${names.length === 1 ? '' : 's'} in it: ${names.join(', ')}`;
