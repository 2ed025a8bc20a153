// OpenVZ's programs, by the names they are called by.
// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';

/** OpenVZ's programs. */
export const programNames = ['vzctl', 'vzlist', 'vzubc', 'vzmemcheck', 'vzcpucheck', 'vzcalc'] as const;
/** One of them. */
export type ProgramName = (typeof programNames)[number];

/** Undefined for any other; the path is that of the link. */
export const calledAs = (path: string): ProgramName | undefined =>
  programNames.find((name) => name === basename(path).replace(/\.[cm]?js$/, ''));
