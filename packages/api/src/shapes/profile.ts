// Profiles: named sets of limits that documents refer to.
// SPDX-License-Identifier: Apache-2.0
import { list, object, type Static, string } from '../schema.js';
import { finding } from './finding.js';

/** A named set of limits in the format of OpenVZ's sample files. */
export const profile = object(
  {
    name: string({ description: 'What documents call it: `<profile>`' }),
    path: string({ description: 'Its file on the host' }),
    text: string({ description: "The file's text, in the format of OpenVZ's samples" }),
    findings: list(finding, { description: 'Its lines that cannot be read, and set nothing' }),
  },
  { title: 'Profile', description: "A named set of limits in the format of OpenVZ's sample files" },
);
/** A named set of limits. */
export type Profile = Static<typeof profile>;
