// Every verb of vzctl, in the order of the reference.
// SPDX-License-Identifier: Apache-2.0
import { create } from './create.js';
import { insideVerbs } from './inside.js';
import { lifeVerbs } from './life.js';
import { otherVerbs } from './others.js';
import { set } from './set.js';
import { snapshotVerbs } from './snapshots.js';
import type { VzVerb } from './verb.js';

/** The one table that command line, help, reference and manual share. */
export const vzVerbs: readonly VzVerb[] = [
  create,
  ...lifeVerbs,
  set,
  ...insideVerbs,
  ...snapshotVerbs,
  ...otherVerbs,
];

/** By any of its names. */
export const verbNamed = (name: string): VzVerb | undefined =>
  vzVerbs.find(({ names }) => names.includes(name));
