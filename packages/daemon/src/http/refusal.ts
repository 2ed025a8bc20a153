// A request that is not let in: its status, and why.
// SPDX-License-Identifier: Apache-2.0
import type { ErrorBody, ErrorCode } from '@ctvirt/api';

/** Thrown where a request is turned away, whatever it asks for. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }

  get body(): ErrorBody {
    return { code: this.code, message: this.message };
  }
}
