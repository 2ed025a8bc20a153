// Containers of one format in another one, with what became of each key.
// SPDX-License-Identifier: Apache-2.0
import { boolean, list, nullable, object, oneOf, optional, type Static, strict, string } from '../schema.js';
import { reportRow } from './adoption.js';
import { finding } from './finding.js';

/** The forms that a container's configuration has. */
export const conversionFormat = oneOf(['domxml', 'openvz', 'lxc', 'vserver', 'zonecfg'], {
  description: 'Domain XML, CTID.conf, NAME/config, a folder NAME, or what zonecfg export prints',
});

const text = optional(string({ description: 'What is in it' }));
const givenText = optional(
  string({ maxLength: 1_048_576, description: 'What is in it, in no more than 2000 lines of a file' }),
);
const link = optional(
  string({ description: 'Where it leads, in the place of a text, if it is a symbolic link' }),
);

/** What is to be converted. */
export const conversionRequest = strict({
  files: list(
    strict({
      path: string({
        minLength: 1,
        maxLength: 4096,
        description: 'As it lies: its name and folder tell what it is, such as `105.conf` or `web/config`',
      }),
      text: givenText,
      link,
    }),
    { minItems: 1, maxItems: 4096, description: 'Configurations, and what those name: 20000 lines in all' },
  ),
  from: optional(conversionFormat),
  to: optional(conversionFormat),
  inPlace: optional(
    boolean({
      description: "An OpenVZ container's root is its private area, not made anew from its template",
    }),
  ),
});
/** What is to be converted. */
export type ConversionRequest = Static<typeof conversionRequest>;

/** A container in another form, or why it has none. */
export const conversion = object(
  {
    name: string({ description: 'As the source names it' }),
    path: string({ description: 'Its own file, or its folder' }),
    from: conversionFormat,
    to: conversionFormat,
    isConverted: boolean({ description: 'Whether there are files' }),
    autostart: nullable(
      boolean({ description: 'Whether it starts with its host; null where its configuration does not say' }),
    ),
    files: list(
      object({
        path: string({ description: 'Where it belongs, below a folder of your choice' }),
        text,
        link,
      }),
      { description: 'Its configuration in the other form' },
    ),
    report: list(reportRow, { description: 'What became of each key' }),
    error: nullable(
      object(
        {
          code: string({ description: 'For programs' }),
          message: string({ description: 'For people' }),
          findings: list(finding, { description: 'Of a document that is no good' }),
        },
        { description: 'Why it could not be converted; null if it was' },
      ),
    ),
  },
  { title: 'Conversion', description: 'A container in another form, with what became of each key' },
);
/** A container in another form, or why it has none. */
export type Conversion = Static<typeof conversion>;
