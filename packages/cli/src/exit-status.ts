// The exit statuses of ctvirt: the one table that help, manual and code share.
// SPDX-License-Identifier: Apache-2.0
import { type ApiErrorCode, errorTable } from '@ctvirt/api';

interface Row {
  readonly status: number;
  readonly code: string;
  readonly summary: string;
}

const fixed = {
  ok: { status: 0, summary: 'done' },
  usage: { status: 2, summary: 'the command line is wrong' },
  unreachable: { status: 15, summary: 'no daemon answers' },
  'bad-answer': { status: 16, summary: 'what answers is no ctvirtd that this ctvirt understands' },
  strays: { status: 17, summary: 'check: something on the host has no owner' },
  incomplete: {
    status: 19,
    summary: 'backup: something of a domain is not in there, did not come back as it was, or is late',
  },
  'exec-failed': { status: 125, summary: "exec: ctvirt itself failed; other statuses are the program's own" },
} as const;

/** Of a command line that is wrong, as with most programs. */
export const usageStatus = fixed.usage.status;
/** Of a `check` that worked and found something without an owner. */
export const straysStatus = fixed.strays.status;
/** Of a backup that is one, but not of all that the domain has. */
export const incompleteStatus = fixed.incomplete.status;
/** Of a document or configuration with an error, whether the daemon found it or a verb that asks none. */
export const invalidStatus = errorTable.invalid.exitStatus;
/** Of an `exec` whose program never ran or whose session broke; below it all statuses are the program's. */
export const execFailedStatus = fixed['exec-failed'].status;
/** Of what Ctrl-C ended. */
export const interruptedStatus = errorTable.interrupted.exitStatus;

/** The exit status that an error's code gives. */
export const exitStatusOf = (code: ApiErrorCode): number =>
  code === 'unreachable' || code === 'bad-answer' ? fixed[code].status : errorTable[code].exitStatus;

/** Every exit status there is, in order. */
export const exitStatuses: readonly Row[] = [
  ...Object.entries(fixed).map(([code, row]) => ({ code, ...row })),
  ...Object.entries(errorTable).map(([code, { exitStatus, summary }]) => ({
    code,
    status: exitStatus,
    summary,
  })),
].sort((one, other) => one.status - other.status);
