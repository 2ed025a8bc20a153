// What is said about a place in a document, as the XML package says it.
// SPDX-License-Identifier: Apache-2.0
import { integer, object, oneOf, optional, type Static, string } from './schema.js';

export const finding = object(
  {
    severity: oneOf(['error', 'warning']),
    code: string(),
    message: string(),
    line: integer(),
    column: integer(),
    path: string(),
    file: optional(string()),
    found: optional(string()),
    expected: optional(string()),
    suggestion: optional(string()),
    excerpt: optional(string()),
  },
  { title: 'Finding' },
);
export type Finding = Static<typeof finding>;
