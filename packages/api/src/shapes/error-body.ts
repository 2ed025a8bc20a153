// What a failed operation answers.
// SPDX-License-Identifier: Apache-2.0
import { list, object, optional, record, type Static, string, unknown } from '../schema.js';
import { finding } from './finding.js';

/** What a failed operation answers. */
export const errorBody = object(
  {
    code: string({ description: 'For programs: one of the codes of `errorTable`, or a later one' }),
    message: string({ description: 'For people: what is wrong, and what to do about it' }),
    details: optional(
      record(string(), unknown(), {
        description: 'What a program may want, by code: names, paths, the status of a program of the host',
      }),
    ),
    findings: optional(list(finding, { description: 'Of a document that is refused: all that is wrong' })),
  },
  { title: 'Error', description: 'Why an operation failed' },
);
/** What a failed operation answers. */
export type ErrorBody = Static<typeof errorBody>;
