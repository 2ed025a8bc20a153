// Adoption: a container of another system, defined on its own files where they lie.
// SPDX-License-Identifier: Apache-2.0
import { integer, list, nullable, object, oneOf, optional, type Static, strict, string } from '../schema.js';
import { defineResult, domainSummary } from './domain.js';

/** Which container to adopt: its name or number in its system, and what lies elsewhere than is usual. */
export const adoptRequest = strict({
  format: oneOf(['openvz', 'lxc', 'vserver'], { description: 'Whose container it is' }),
  name: string({ minLength: 1, maxLength: 255, description: 'For openvz the CTID, or a name it has' }),
  config: optional(
    string({
      maxLength: 4096,
      description: "Its configuration on the daemon's host, for vserver a folder (default: the usual)",
    }),
  ),
  private: optional(
    string({ maxLength: 4096, description: 'The directory with its files, if not as configured' }),
  ),
});
/** Which container to adopt. */
export type AdoptRequest = Static<typeof adoptRequest>;

/** What became of one key of a configuration. */
export const reportRow = object(
  {
    file: string({ description: 'The file it stands in' }),
    line: integer({ description: 'From 1; 0 where the key has no line of its own' }),
    key: string({ description: 'As its system calls it' }),
    status: oneOf(['carried', 'approximated', 'ignored'], { description: 'What became of it' }),
    how: string({ description: 'For people: where it went, how it differs, or why it was left' }),
  },
  { title: 'ReportRow', description: 'What became of one key of a configuration' },
);
/** What became of one key of a configuration. */
export type ReportRow = Static<typeof reportRow>;

/** A container of another system on this host. */
export const adoptionCandidate = object(
  {
    format: oneOf(['openvz', 'lxc', 'vserver'], { description: 'Whose container it is' }),
    name: string({ description: 'What its system calls it' }),
    config: string({ description: 'Its configuration: a file, for vserver a folder' }),
    hostname: nullable(string({ description: 'As it is configured; null where that says none' })),
    files: nullable(
      string({ description: 'Where its files lie, links followed; null where that is not known' }),
    ),
    domain: nullable(string({ description: 'The domain that is on those files already; null if none is' })),
    problem: nullable(
      string({ description: 'Why it cannot be adopted as it lies; null where nothing is known' }),
    ),
  },
  { title: 'AdoptionCandidate', description: 'A container of another system on this host' },
);
/** A container of another system on this host. */
export type AdoptionCandidate = Static<typeof adoptionCandidate>;

/** The domain that a container has become, or would. */
export const adoptResult = object(
  {
    ...defineResult.properties,
    domain: nullable(domainSummary),
    name: string({ description: 'What the domain is called, or would be' }),
    xml: string({ description: 'The document that was made of its configuration' }),
    report: list(reportRow, { description: 'What became of each key of its configuration' }),
    sources: list(
      object({
        path: string({ description: 'As the report has it' }),
        text: string({ description: 'What is in it' }),
      }),
      { description: 'Its configuration: the files that the report speaks of' },
    ),
  },
  { title: 'AdoptResult', description: 'A container that was adopted, and what became of its configuration' },
);
/** The domain that a container has become. */
export type AdoptResult = Static<typeof adoptResult>;
