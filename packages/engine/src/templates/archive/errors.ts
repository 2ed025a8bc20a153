// Says in one closed vocabulary why the template store refused or failed.
// SPDX-License-Identifier: Apache-2.0
import { errnoInWords } from '../../host/refusal.js';

/** What kind of failure it was; decides status codes further out. */
export type TemplateErrorCode =
  | 'not-found'
  | 'exists'
  | 'in-use'
  | 'busy'
  | 'invalid'
  | 'unsupported'
  | 'no-space'
  | 'host-command'
  | 'cancelled'
  | 'internal';

/** Why an archive, or what was said about it, was not accepted. */
export type RefusalReason =
  | 'name'
  | 'format'
  | 'truncated'
  | 'trailing-data'
  | 'digest'
  | 'size'
  | 'absolute-name'
  | 'parent-name'
  | 'bad-name'
  | 'through-link'
  | 'duplicate'
  | 'link-target'
  | 'device'
  | 'file-type'
  | 'header'
  | 'attribute'
  | 'owner'
  | 'mount-point'
  | 'source'
  | 'image'
  | 'limit';

/** Facts beside the message, for callers that must decide and for logs. */
export interface TemplateErrorDetails {
  reason?: RefusalReason;
  name?: string;
  argv?: readonly string[];
  status?: number | string | null;
  stderr?: string;
  /** Who uses it. */
  users?: readonly string[];
}

/** The only error the template store throws on purpose. */
export class TemplateError extends Error {
  readonly code: TemplateErrorCode;
  readonly details: TemplateErrorDetails;

  constructor(code: TemplateErrorCode, message: string, details: TemplateErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TemplateError';
    this.code = code;
    this.details = details;
  }
}

/** A refusal of input: code `invalid` with its reason. */
export function refuse(reason: RefusalReason, message: string, cause?: unknown): TemplateError {
  return new TemplateError('invalid', message, { reason }, cause);
}

/** What a failed command line says: code `unsupported` if a program is missing, `no-space` on a full disk. */
export function commandFailure(
  what: string,
  details: Required<Pick<TemplateErrorDetails, 'argv' | 'status' | 'stderr'>>,
  missing: string | undefined,
): TemplateError {
  if (missing !== undefined) {
    return new TemplateError(
      'unsupported',
      `${what}: install Debian's package ${missing} on this host`,
      details,
    );
  }
  if (isFullDisk(details.stderr)) {
    return new TemplateError(
      'no-space',
      `${what}: the file system of the templates is full; free some space, then try again`,
      details,
    );
  }
  return new TemplateError(
    'host-command',
    `${what} (${details.status}): ${lastWords(details.stderr)}`,
    details,
  );
}

function isFullDisk(stderr: string): boolean {
  const errno = errnoInWords(stderr);
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}

function lastWords(stderr: string): string {
  const lines = stderr.split('\n');
  const errors = lines.filter((line) => line.startsWith('E: '));
  return (errors.length > 0 ? errors : lines.slice(-3)).join('; ');
}
