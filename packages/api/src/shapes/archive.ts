// Archives of whole domains: what is written of one, and what is made of one.
// SPDX-License-Identifier: Apache-2.0
import { boolean, list, nullable, number, object, optional, type Static, strict, string } from '../schema.js';
import { domainSummary } from './domain.js';
import { finding } from './finding.js';

/** What a domain has of its host, and no archive or copy of it. */
export const outsideSource = object(
  {
    kind: string({ description: '`mount`, `file` or `block`, `disk`, or the type of a `<hostdev>`' }),
    source: string({ description: 'What it is on the host' }),
    target: nullable(string({ description: 'Where it is in the container; null of a device' })),
  },
  { title: 'OutsideSource', description: 'What a domain has of its host, and no archive of it' },
);
/** What a domain has of its host, and no archive or copy of it. */
export type OutsideSource = Static<typeof outsideSource>;

const snapshot = optional(
  string({ minLength: 1, description: 'As this snapshot of the domain has it, in place of now' }),
);
const withTemplate = optional(
  boolean({ description: 'Whether its templates are in it as well, for hosts that have them not' }),
);
const withMounts = optional(
  boolean({
    description:
      "Whether folders of the host are in it as well, which `<filesystem type='mount'>` names; not of a snapshot",
  }),
);
const frozenMs = nullable(
  number({ description: 'How long its programs could not write, in milliseconds; null if none had to wait' }),
);

/** Where an archive is written. */
export const archiveRequest = strict({
  snapshot,
  withTemplate,
  withMounts,
  target: string({ minLength: 1, description: "Absolute path on the daemon's machine, of no file yet" }),
});

/** The archive of a domain as a stream. */
export const archiveStream = strict({ snapshot, withTemplate, withMounts });

/** An archive that was written. */
export const domainArchive = object(
  {
    sizeBytes: number({ description: 'Length of the file' }),
    outside: list(outsideSource, { description: 'What is not in it, since it is the host’s' }),
    remarks: list(string(), { description: 'What else is not in it, one sentence each' }),
    frozenMs,
  },
  { title: 'DomainArchive', description: 'An archive that was written of a domain' },
);
/** An archive that was written. */
export type DomainArchive = Static<typeof domainArchive>;

const names = {
  name: optional(string({ minLength: 1, description: 'What the domain is called, if not as it was' })),
  newIds: optional(
    boolean({
      description:
        'Another domain than that which it was made of: with a UUID, a CTID, hardware addresses, a machine-id and SSH host keys of its own',
    }),
  ),
};

/** Who the domain of an archive is to be. */
export const archiveNames = strict(names);
/** Who the domain of an archive is to be. */
export type ArchiveNames = Static<typeof archiveNames>;

/** Where an archive's folders of the host that it came from come to. */
const mounts = optional(
  list(
    strict({
      source: string({
        minLength: 1,
        description: 'Absolute path of a folder that is empty, or not there yet',
      }),
      target: string({ minLength: 1, description: 'Where the domain has it' }),
    }),
    { description: 'Where folders of the host come to that the archive has' },
  ),
);
/** Where an archive's folders of the host that it came from come to. */
export type ArchivePlaces = {
  readonly mounts?: readonly { readonly source: string; readonly target: string }[] | undefined;
};

/** Which archive, and who its domain is to be. */
export const archiveImport = strict({
  source: string({ minLength: 1, description: "Absolute path on the daemon's machine" }),
  ...names,
  mounts,
});

/** What a copy is called. */
export const cloneRequest = strict({
  name: string({ minLength: 1, description: 'What the copy is called' }),
  snapshot,
});

/** A domain that was made of an archive or of another domain. */
export const copiedDomain = object(
  {
    domain: domainSummary,
    findings: list(finding, { description: 'What is to be said of its document' }),
    outside: list(outsideSource, { description: 'What its document has of the host it came from' }),
    remarks: list(string(), { description: 'What it has not of what it was made of, one sentence each' }),
    frozenMs,
  },
  { title: 'CopiedDomain', description: 'A domain that was made of an archive or of another domain' },
);
/** A domain that was made of an archive or of another domain. */
export type CopiedDomain = Static<typeof copiedDomain>;
