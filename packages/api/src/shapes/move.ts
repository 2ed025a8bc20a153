// Moves of domains to other hosts: what is asked for, and what is told of one.
// SPDX-License-Identifier: Apache-2.0
import {
  anyOf,
  boolean,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type Static,
  strict,
  string,
} from '../schema.js';
import { outsideSource } from './archive.js';
import { domainState } from './domain.js';

/** Where to, and how. */
export const moveRequest = strict(
  {
    to: string({ minLength: 1, description: 'URI of the other host: `ctvirt+ssh://HOST/`' }),
    dryRun: optional(boolean({ description: 'Ask the other host, and move nothing' })),
    stopMs: optional(
      integer({ minimum: 0, description: 'How long its init may take to power off (60,000 if not said)' }),
    ),
    bytesPerSecond: optional(
      integer({
        minimum: 1,
        description: 'How much of its files may go in a second (all that can if not said)',
      }),
    ),
  },
  { title: 'MoveRequest', description: 'Where a domain is to go' },
);
/** Where to, and how. */
export type MoveRequest = Static<typeof moveRequest>;

const movePass = object({
  bytes: number({ description: 'What was sent' }),
  ms: number({ description: 'How long it took' }),
  snapshot: optional(string({ description: 'The snapshot whose files they were' })),
});
/** Once through all files that changed since the time before. */
export type MovePass = Static<typeof movePass>;

/** What became of it. */
export const moveReport = object(
  {
    domain: string({ description: 'Its name' }),
    to: string({ description: 'URI of the other host' }),
    moved: boolean({ description: 'Whether it is there now; false of a dry run' }),
    state: domainState,
    bytes: number({ description: 'What was sent of its files, in all passes' }),
    passes: list(movePass, {
      description:
        'Its snapshots, then all of its files while it runs, then what changed since the pass before; the last one once it is off',
    }),
    files: number({ description: 'How many files, folders and links that were, compared at both ends' }),
    templates: list(string(), { description: 'Templates that the other host lacks: they are sent first' }),
    streamed: optional(
      list(string(), {
        description:
          'Where file systems are mounted whose layers went as streams of their own kind, such as those of `btrfs send`; all others went as archives of files',
      }),
    ),
    downMs: nullable(
      number({
        description:
          'From when it was asked to power off until its init ran there, by the clock here; null of one that was off',
      }),
    ),
    downMsThere: nullable(number({ description: 'The same by the clock there' })),
    findings: list(string(), { description: 'What is not kept there' }),
    outside: list(outsideSource, {
      description:
        "What its document has of this host, and is not moved: that host's own is taken in its place",
    }),
    failure: nullable(string({ description: 'Why it is there, and does not run there' })),
  },
  { title: 'MoveReport', description: 'What became of a domain that was moved' },
);
/** What became of it. */
export type MoveReport = Static<typeof moveReport>;

/** Where a domain is whose move was not answered to its end. */
export const moveResolution = strict(
  { keeper: oneOf(['here', 'there'], { description: 'The host that has it from now on' }) },
  { title: 'MoveResolution', description: 'Who has a domain whose move was not answered to its end' },
);
/** Where a domain is whose move was not answered to its end. */
export type MoveResolution = Static<typeof moveResolution>;

const moveLayer = strict({
  target: string({ description: 'Where it is mounted' }),
  template: string({ description: 'What it stands on' }),
  digest: string({ description: 'The digest of that' }),
  tree: optional(string({ description: 'The digest of its tree, whatever it was made of' })),
  bytes: optional(integer({ minimum: 0, description: 'How much it takes of the disk there' })),
});
/** A file system that goes with a domain. */
export type MoveLayer = Static<typeof moveLayer>;

/** A domain that goes to another host: what that one has to know of it. */
export const moveOffer = strict(
  {
    version: integer({ minimum: 1, maximum: 1, description: 'Of the protocol between two engines' }),
    job: string({ minLength: 1, description: "The move's own UUID: what is asked twice is done once" }),
    from: optional(string({ maxLength: 255, description: 'What the host calls itself that it comes from' })),
    xml: string({ description: 'Its stored document' }),
    ctid: nullable(integer({ minimum: 0, description: "OpenVZ's number" })),
    autostart: boolean({ description: 'Whether it starts with the host' }),
    order: optional(integer({ description: 'Lower ones start earlier' })),
    delaySeconds: optional(integer({ minimum: 0, description: 'How long those of later orders wait' })),
    start: boolean({ description: 'Whether it is to run there' }),
    layers: list(moveLayer, { description: 'File systems that go along' }),
  },
  { title: 'MoveOffer', description: 'A domain that goes to another host' },
);
/** A domain that goes to another host: what that one has to know of it. */
export type MoveOffer = Static<typeof moveOffer>;

const moveList = strict({
  target: string({ description: 'Where the file system is mounted' }),
  files: integer({ minimum: 0, description: 'How many it has' }),
  hash: string({ description: 'Of name, kind, owner, length and time of each' }),
});
/** What a file system holds. */
export type MoveList = Static<typeof moveList>;

const job = string({ minLength: 1, description: 'The UUID of the move' });

/** What one engine asks another in the course of a move. */
export const moveQuestion = anyOf([
  strict({
    step: oneOf(['look', 'reserve'], { description: 'Of a domain that may come' }),
    offer: moveOffer,
  }),
  strict({
    step: oneOf(['snapshot'], { description: 'What was sent is what a snapshot has' }),
    job,
    record: string({ description: 'What is known of it: JSON' }),
    xml: string({ description: 'Its document' }),
    isCurrent: boolean({ description: 'Whether what the domain has now comes from it' }),
    lists: list(moveList, { description: 'To be compared' }),
  }),
  strict({
    step: oneOf(['prepare'], { description: 'All was sent' }),
    job,
    lists: list(moveList, { description: 'To be compared' }),
  }),
  strict({
    step: oneOf(['given'], { description: "From here on it is the other's" }),
    job,
    downMs: nullable(number({ description: 'How long it was off when that was asked' })),
  }),
  strict({ step: oneOf(['over', 'abort'], { description: 'The end' }), job }),
]);
/** What one engine asks another in the course of a move. */
export type MoveQuestion = Static<typeof moveQuestion>;

const moveAnswer = object({
  findings: list(string(), { description: 'What is not kept there' }),
  lacking: optional(
    list(string(), { description: 'Templates that are not there, by the names that they were asked for' }),
  ),
  differing: optional(
    list(string(), { description: 'Where file systems are mounted that are not what their lists say' }),
  ),
  streams: optional(
    record(string(), string(), {
      description:
        'What may come in the place of archives: forms of streams, by where file systems are mounted. A host of an earlier version says none',
    }),
  ),
  state: optional(domainState),
  downMs: optional(nullable(number({ description: 'How long it was down, by the clock there' }))),
  failure: optional(string({ description: 'Why it does not run' })),
});
/** What an engine says to what another asks in the course of a move. */
export type MoveAnswer = Static<typeof moveAnswer>;

/** The same on its way; errors keep the engine's code. */
export const moveAnswered = anyOf([
  object({ answer: moveAnswer }),
  object({
    error: object({
      code: string({ description: "One of the engine's" }),
      message: string({ description: 'In words' }),
    }),
  }),
]);
/** The same on its way. */
export type MoveAnswered = Static<typeof moveAnswered>;

/** What a stream between two engines holds: files of one file system, or a template. */
export const moveStream = anyOf([
  strict({
    job,
    target: string({ description: 'Where it is mounted' }),
    whole: optional(boolean({ description: 'In the place of all that came before' })),
    copy: optional(
      strict(
        {
          form: string({
            minLength: 1,
            description: 'What its bytes are: as the other host has said that it reads them',
          }),
          number: integer({ minimum: 1, description: 'By what it differs from the one before' }),
        },
        { description: 'That it is no archive, but what one kind of layer makes of itself' },
      ),
    ),
  }),
  strict({
    job,
    template: string({ minLength: 1, description: 'Its name where it comes from' }),
    digest: string({ description: 'The digest that is recorded of it there' }),
    record: string({ description: 'What is known of it there: JSON' }),
    files: integer({ minimum: 0, description: 'How many it has' }),
    hash: string({ description: 'Of name, kind, owner and length of each' }),
  }),
]);
/** What a stream between two engines holds. */
export type MoveStream = Static<typeof moveStream>;
