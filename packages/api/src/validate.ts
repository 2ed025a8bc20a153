// Values checked against the contract's schemas.
// SPDX-License-Identifier: Apache-2.0
import { Compile } from 'typebox/schema';
import type { TSchema } from './schema.js';

/** Returns what is wrong with a value, its place first (`/argv/0: must be string`); undefined if nothing is. */
export type Check = (value: unknown) => string | undefined;

/** The check of a schema, compiled when it is first asked. */
export function compileCheck(schema: TSchema): Check {
  // Compiled at first use: a daemon's start does not pay for routes that nobody calls.
  let validator: ReturnType<typeof Compile> | undefined;
  return (value) => {
    validator ??= Compile(schema);
    if (validator.Check(value)) return undefined;
    const [, [first]] = validator.Errors(value);
    if (first === undefined) return 'not as the contract says';
    return first.instancePath === '' ? first.message : `${first.instancePath}: ${first.message}`;
  };
}
