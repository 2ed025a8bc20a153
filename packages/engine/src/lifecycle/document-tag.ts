// What tells one text of a document from any other one.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { EngineError } from '../errors.js';

/** The same for the same text, and for no other. */
export const documentTag = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Only the document that somebody has read is changed by him; `what` names it, and there is none without a text. */
export function refuseOtherTag(
  what: string,
  text: string | undefined,
  tags: readonly string[] | undefined,
): void {
  if (tags === undefined || (text !== undefined && tags.includes(documentTag(text)))) return;
  throw new EngineError(
    'changed',
    text === undefined
      ? `there is no ${what} whose document this would change`
      : `the document of ${what} was changed meanwhile`,
  );
}
