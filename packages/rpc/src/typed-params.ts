// Typed parameters as plain records.
// SPDX-License-Identifier: Apache-2.0
import type { TypedParam, TypedValue } from './protocol/objects.js';

/** Values by name, their types forgotten: handy for reading. */
export function fromTypedParams(params: readonly TypedParam[]): Record<string, TypedValue['value']> {
  return Object.fromEntries(params.map(({ field, value }) => [field, value]));
}
