// What becomes of an error that ends a request: what its client is told, and what the log keeps of it.
// SPDX-License-Identifier: Apache-2.0
import type { ErrorBody } from '@ctvirt/api';
import { toErrorBody } from '../errors.js';

/** What it needs of a logger: fields and a sentence. */
export interface FailureLog {
  error(fields: object, message: string): void;
}

/** Where a fault of ours happened the log tells; what a program of the host said is in the details, and no trace adds to it. */
export function failed(
  error: unknown,
  log: FailureLog,
  where: Readonly<Record<string, unknown>> = {},
): { status: number; body: ErrorBody } {
  const told = toErrorBody(error);
  if (told.body.code === 'internal') log.error({ err: error, ...where }, 'request failed');
  else if (told.body.code === 'host-command')
    log.error({ ...told.body.details, ...where }, told.body.message);
  return told;
}
