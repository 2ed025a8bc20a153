// Says in one closed vocabulary why the template store refused or failed.
// SPDX-License-Identifier: Apache-2.0

/** What kind of failure it was; decides status codes further out. */
export type TemplateErrorCode =
  | 'not-found'
  | 'exists'
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
  | 'limit';

/** Facts beside the message, for callers that must decide and for logs. */
export interface TemplateErrorDetails {
  reason?: RefusalReason;
  argv?: readonly string[];
  status?: number | string | null;
  stderr?: string;
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
