// Templates: the images from which roots are made, and how far a long operation on one is.
// SPDX-License-Identifier: Apache-2.0
import { integer, list, number, object, oneOf, optional, type Static, strict, string } from '../schema.js';

/** An unpacked image of a system, which any number of roots stand on. */
export const template = object(
  {
    name: string({ description: 'What documents call it: `<source name>`' }),
    digest: string({
      description: "`sha256:` and 64 hexadecimal digits, of the archive's bytes as they came",
    }),
    sizeBytes: number({ description: 'Length of the archive as it came' }),
    unpackedBytes: number({ description: "Sum of the files' lengths" }),
    inodes: number({ description: 'Files, folders and links' }),
    importedAt: string({ description: 'RFC 3339' }),
    source: string({ description: 'For people: where it came from' }),
    usedBy: list(string(), { description: 'Names of the domains whose files stand on it' }),
  },
  { title: 'Template', description: 'An unpacked image of a system, which roots stand on' },
);
/** An unpacked image of a system, which roots stand on. */
export type Template = Static<typeof template>;

/** One step of a long operation: what it is doing, how far it is, and of how much if that is known. */
export const progressLine = object(
  {
    phase: string({ description: 'For people: what is being done' }),
    done: number({ description: 'How much of it is done, in bytes or pieces' }),
    total: optional(number({ description: 'Of how much, if that is known' })),
  },
  { title: 'Progress', description: 'How far a long operation is' },
);
/** How far a long operation is. */
export type Progress = Static<typeof progressLine>;

/** What an archive must be, or it is refused. */
export const expectedArchive = strict({
  digest: optional(string({ description: 'Expected digest, `sha256:` and 64 hexadecimal digits' })),
  sizeBytes: optional(integer({ minimum: 0, description: 'Expected size of the archive' })),
});
/** What an archive must be, or it is refused. */
export type ExpectedArchive = Static<typeof expectedArchive>;

/** What to build of a distribution's packages. */
export const buildRequest = strict({
  distribution: oneOf(['debian', 'busybox'], { description: 'Whose packages; busybox is embedded' }),
  suite: optional(string({ description: 'Of Debian: its release (default: bookworm)' })),
  include: optional(list(string(), { description: 'Packages beyond the base' })),
  mirror: optional(string({ description: "URL of Debian's archive (default: mmdebstrap's own choice)" })),
});
/** What to build of a distribution's packages. */
export type BuildRequest = Static<typeof buildRequest>;
