// OpenVZ's programs, by the names they are called by.
// SPDX-License-Identifier: Apache-2.0
import { vzctl } from './ctl/vzctl.js';
import type { VzHost } from './host.js';
import { vzlist } from './list/vzlist.js';
import type { ProgramName } from './names.js';
import { vzcalc } from './node/vzcalc.js';
import { vzcpucheck } from './node/vzcpucheck.js';
import { vzmemcheck } from './node/vzmemcheck.js';
import { vzubc } from './node/vzubc.js';

interface Program {
  run(host: VzHost, words: readonly string[]): Promise<number>;
  /** Of a program that has one status for every failure. */
  readonly failureStatus?: number;
}

/** What each of them does. */
export const programs: Readonly<Record<ProgramName, Program>> = {
  vzctl: { run: vzctl },
  vzlist: { run: vzlist, failureStatus: 1 },
  vzubc: { run: vzubc, failureStatus: 1 },
  vzmemcheck: { run: vzmemcheck, failureStatus: 1 },
  vzcpucheck: { run: vzcpucheck, failureStatus: 1 },
  vzcalc: { run: vzcalc, failureStatus: 1 },
};
