// What can go wrong over HTTP: the codes, what each means to HTTP and to a shell, and the client's error class.
// SPDX-License-Identifier: Apache-2.0
import type { ErrorBody } from './shapes/error-body.js';
import type { Finding } from './shapes/finding.js';

interface ErrorRow {
  readonly httpStatus: number;
  readonly exitStatus: number;
  readonly summary: string;
}

/** The codes a daemon answers: HTTP status, exit status of `ctvirt`, and the words of its manual. */
export const errorTable = {
  'not-found': {
    httpStatus: 404,
    exitStatus: 3,
    summary: 'no such domain, network, filter, template or profile',
  },
  exists: { httpStatus: 409, exitStatus: 4, summary: 'the name, UUID, CTID, address or port is taken' },
  'in-use': { httpStatus: 409, exitStatus: 5, summary: 'something else still needs it' },
  busy: { httpStatus: 409, exitStatus: 6, summary: 'another operation on it is under way' },
  'wrong-state': { httpStatus: 409, exitStatus: 7, summary: 'not possible in its present state' },
  changed: { httpStatus: 412, exitStatus: 21, summary: 'somebody else has changed it meanwhile' },
  invalid: { httpStatus: 422, exitStatus: 8, summary: 'the document or an argument is wrong' },
  unsupported: { httpStatus: 501, exitStatus: 9, summary: 'this host or version cannot do it' },
  'no-session': {
    httpStatus: 401,
    exitStatus: 20,
    summary: 'who asks by browser has no session, or it is over',
  },
  denied: { httpStatus: 403, exitStatus: 10, summary: 'not allowed' },
  'no-space': { httpStatus: 507, exitStatus: 11, summary: 'the disk is full' },
  'over-quota': { httpStatus: 507, exitStatus: 12, summary: 'a limit stands against it' },
  overcommitted: { httpStatus: 409, exitStatus: 18, summary: 'the host cannot keep the guarantee' },
  timeout: { httpStatus: 504, exitStatus: 13, summary: 'it took too long' },
  'host-command': { httpStatus: 500, exitStatus: 14, summary: 'a program of the host failed' },
  interrupted: { httpStatus: 499, exitStatus: 130, summary: 'it was interrupted' },
  internal: { httpStatus: 500, exitStatus: 1, summary: 'another failure' },
} as const satisfies Record<string, ErrorRow>;

/** A code the daemon may answer. */
export type ErrorCode = keyof typeof errorTable;

/** What a client meets beside the daemon's own answers. */
export type ApiErrorCode = ErrorCode | 'unreachable' | 'bad-answer';

/** A failed call: the daemon's words and code, or `unreachable` / `bad-answer` where no daemon answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly details: Readonly<Record<string, unknown>>;
  readonly findings: readonly Finding[];
  constructor(
    readonly code: ApiErrorCode,
    message: string,
    more: {
      details?: Readonly<Record<string, unknown>> | undefined;
      findings?: readonly Finding[] | undefined;
    } = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.details = more.details ?? {};
    this.findings = more.findings ?? [];
  }

  /** The error in an answer's body; a code this client does not know counts as `internal`. */
  static fromBody(body: ErrorBody): ApiError {
    return new ApiError(isErrorCode(body.code) ? body.code : 'internal', body.message, body);
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);
