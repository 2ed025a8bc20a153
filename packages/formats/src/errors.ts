// The one error class of this package: what cannot be read, or cannot be written without being misread.
// SPDX-License-Identifier: Apache-2.0

/** Every way a conversion can fail outright; anything milder is a row of the report. */
export const formatCodes = ['invalid', 'unwritable', 'unknown-format', 'missing'] as const;
/** One of `formatCodes`: what programs tell errors apart by. */
export type FormatCode = (typeof formatCodes)[number];

/** Thrown by writers and by readers whose input is no such file at all; `line` counts from 1. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  constructor(
    readonly code: FormatCode,
    message: string,
    readonly at: { readonly file?: string; readonly line?: number; readonly key?: string } = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
