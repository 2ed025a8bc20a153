// What tells one text of a document from any other one.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { EngineError } from '../errors.js';

/** The same for the same text, and for no other. */
export const documentTag = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

/** What any document has, and one that is not there has not. */
const anyTag = '*';

/** Whether it has one of those tags, or is there where any will do. */
export const hasTag = (text: string | undefined, tags: readonly string[]): boolean =>
  text !== undefined && (tags.includes(anyTag) || tags.includes(documentTag(text)));

/** A document that is to be replaced, and the one that is shown of what runs meanwhile, whose tag may be taken for its; written only if they are asked for. */
export interface Replaced {
  readonly stored: () => string | undefined;
  readonly live?: () => string | undefined;
}

/** Only the document that somebody has read is changed by him; `what` names it. */
export function refuseOtherTag(
  what: string,
  { stored, live }: Replaced,
  tags: readonly string[] | undefined,
): void {
  if (tags === undefined) return;
  const text = stored();
  if (hasTag(text, tags)) return;
  if (text === undefined)
    throw new EngineError('changed', `there is no ${what} whose document this would change`);
  throw new EngineError(
    'changed',
    hasTag(live?.(), tags) ? tagOfRun(what) : `the document of ${what} was changed meanwhile`,
  );
}

/** Nobody has changed anything then, and the tag is another one. */
export const tagOfRun = (what: string): string =>
  `the tag is that of the document that ${what} runs with, and this replaces the stored one: read that (?inactive=true), and send its tag`;
