// What somebody says of a snapshot: a text for people, and until when it is wanted.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';

/** Each list has all of them. */
const MOST = 4096;

/** Throws `invalid` for one that is too long. */
export function checkDescription(text: string | null): void {
  if (text === null || text.length <= MOST) return;
  throw new EngineError(
    'invalid',
    `a description of a snapshot has ${MOST} characters at most, not ${text.length}`,
  );
}

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i;

/** In UTC; throws `invalid` for what is no time, or one that is over. */
export function expiryOf(text: string, now = new Date()): string {
  const time = new Date(TIME.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.valueOf()) || time.getUTCFullYear() > 9999)
    throw new EngineError(
      'invalid',
      `'${text}' is no time at which a snapshot could expire: one until the end of 9999, such as 2026-12-31T00:00:00Z`,
    );
  if (time <= now) throw new EngineError('invalid', `a snapshot cannot expire at ${text}: that is over`);
  return time.toISOString();
}
