// Templates: the images from which roots are made, and how far a long operation on one is.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';

/** What to build of a distribution's packages. */
export const buildRequest = strict(
  {
    distribution: oneOf(['debian', 'ubuntu', 'devuan', 'busybox'], {
      description: 'Whose packages; busybox is embedded',
    }),
    suite: optional(string({ description: 'Its release (default: bookworm, noble, daedalus)' })),
    include: optional(list(string(), { description: 'Packages beyond the base' })),
    mirror: optional(string({ description: "URL of the distribution's archive (default: its own)" })),
  },
  { title: 'BuildRequest', description: "What is built of a distribution's packages, or was" },
);
/** What to build of a distribution's packages. */
export type BuildRequest = Static<typeof buildRequest>;

/** What a domain of the image starts, as the image says. */
export const imageDefaults = object(
  {
    command: list(string(), { description: 'The program by its whole path, and its arguments' }),
    environment: list(
      object({ name: string({ description: 'Of a variable' }), value: string({ description: 'Its text' }) }),
      { description: 'Variables that it has' },
    ),
    folder: optional(string({ description: 'Working directory' })),
    user: optional(integer({ description: 'Whom it runs as, if not root' })),
    group: optional(integer({ description: 'Its group, if not that of root' })),
    volumes: list(string(), { description: 'Folders whose contents are meant to outlive the container' }),
    ports: list(string(), { description: 'What it listens on: `80/tcp`' }),
    stopSignal: optional(
      string({
        description: 'Signal by which it wants to be asked to end, if not SIGTERM; `shutdown` sends that',
      }),
    ),
  },
  { title: 'ImageDefaults', description: 'What a domain of an OCI image starts, as the image says' },
);
/** What a domain of the image starts, as the image says. */
export type ImageDefaults = Static<typeof imageDefaults>;

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
    os: optional(string({ description: "The system's own name of itself" })),
    arch: optional(string({ description: 'Machine of its programs, such as x86_64' })),
    init: optional(string({ description: 'Kind of its init, such as systemd' })),
    image: optional(imageDefaults),
    reference: optional(string({ description: 'Which image it is, of an archive with several' })),
    recipe: optional(buildRequest),
    notes: list(string(), { description: 'What was left out when it was made' }),
    replacedBy: optional(
      string({ description: 'Of one that was made anew while domains used it: what the new one is called' }),
    ),
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
    leftMs: optional(integer({ description: 'How long it will take, as fast as it goes, in milliseconds' })),
  },
  { title: 'Progress', description: 'How far a long operation is' },
);
/** How far a long operation is. */
export type Progress = Static<typeof progressLine>;

/** What an archive must be, or it is refused. */
export const expectedArchive = strict({
  digest: optional(string({ description: 'Expected digest, `sha256:` and 64 hexadecimal digits' })),
  sizeBytes: optional(integer({ minimum: 0, description: 'Expected size of the archive' })),
  image: optional(
    string({
      minLength: 1,
      maxLength: 255,
      description: 'Which image, of an archive or layout with several',
    }),
  ),
});
/** What an archive must be, or it is refused. */
export type ExpectedArchive = Static<typeof expectedArchive>;

/** What else an import may do. */
export const importRequest = strict({
  reuse: optional(
    boolean({
      description: 'Take the template that was made of the same image, if there is one, for a new one',
    }),
  ),
  dryRun: optional(
    boolean({ description: 'Judge it and tell what the template would be, and keep nothing' }),
  ),
});
/** What else an import may do. */
export type ImportRequest = Static<typeof importRequest>;

/** As what an image is written. */
export const exportFormat = strict({
  format: optional(
    oneOf(['oci', 'lxc'], {
      description:
        "OCI's layout, which docker load takes, too (default), or a unified archive of Incus and LXD",
    }),
  ),
});
/** As what an image is written. */
export type ExportFormat = Static<typeof exportFormat>;

/** Where an image is written, and as what. */
export const exportRequest = strict({
  target: string({ minLength: 1, description: "Absolute path on the daemon's machine, of no file yet" }),
  ...exportFormat.properties,
});

/** An image that was written of a template or a domain. */
export const templateExport = object(
  {
    digest: string({ description: 'Of the image: of its manifest, or its fingerprint' }),
    sizeBytes: number({ description: 'Length of the file' }),
  },
  { title: 'TemplateExport', description: 'An image that was written of a template or a domain' },
);
/** An image that was written of a template or a domain. */
export type TemplateExport = Static<typeof templateExport>;

/** How a template is made again. */
export const updateRequest = strict({
  as: optional(
    string({
      minLength: 1,
      description:
        'Beside it, under this name; without it in its place, and what somebody uses is kept as `NAME~1`',
    }),
  ),
});
