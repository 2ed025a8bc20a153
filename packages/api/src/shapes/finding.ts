// What is said about a place in a document, as the XML package says it.
// SPDX-License-Identifier: Apache-2.0
import { integer, object, oneOf, optional, type Static, string } from '../schema.js';

/** One remark on a document: where, what, and what was expected there. */
export const finding = object(
  {
    severity: oneOf(['error', 'warning'], {
      description: 'An error refuses the document, a warning does not',
    }),
    code: string({ description: 'For programs: what kind of remark it is, such as `unknown-element`' }),
    message: string({ description: 'For people: one sentence' }),
    line: integer({ description: 'From 1; 0 where the document has no such place' }),
    column: integer({ description: 'From 1, in characters; 0 where the document has no such place' }),
    path: string({ description: 'The place as an XPath: `/domain/devices/filesystem[2]/source/@dir`' }),
    file: optional(string({ description: 'The file it stands in, where there is more than one' })),
    found: optional(string({ description: 'What stands there' })),
    expected: optional(string({ description: 'What may stand there' })),
    suggestion: optional(string({ description: 'The nearest valid spelling' })),
    excerpt: optional(
      string({ description: 'The line of the document, and beneath it a caret at the column' }),
    ),
  },
  { title: 'Finding', description: 'A remark on one place of a document' },
);
/** One remark on a document. */
export type Finding = Static<typeof finding>;
