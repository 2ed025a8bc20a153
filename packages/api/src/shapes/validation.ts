// What a host would say of a document that is not defined.
// SPDX-License-Identifier: Apache-2.0
import { boolean, list, nullable, object, type Static, string } from '../schema.js';
import { finding } from './finding.js';

/** Whether a document could be defined on this host, and what is to be said of it. */
export const validation = object(
  {
    isValid: boolean({ description: 'Whether it would be defined' }),
    starts: boolean({
      description: 'Whether nothing is known that would keep it from starting now; findings say what does',
    }),
    domain: nullable(string({ description: 'Whose it would be; null where that was not found out' })),
    isChange: boolean({ description: 'Whether that domain is there, and would have this document then' }),
    findings: list(finding, { description: 'All that is wrong in it, or would be kept and not obeyed' }),
    error: nullable(
      object(
        {
          code: string({ description: 'As of the failed operation' }),
          message: string({ description: 'For people' }),
        },
        { description: 'Why it would be refused; null where it would not' },
      ),
    ),
  },
  { title: 'Validation', description: 'What `define` would say of a document on this host' },
);
/** Whether a document could be defined on this host, and what is to be said of it. */
export type Validation = Static<typeof validation>;
