// Snapshots of domains: what their files and their documents were at a moment.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';

/** What a domain may be when a snapshot of it is taken, or after it was reverted. */
const state = (description: string) => oneOf(['running', 'paused', 'shutoff'], { description });

const expires = 'RFC 3339; from then on the schedule may delete it';

/** A snapshot of a domain. */
export const snapshot = object(
  {
    name: string({ description: 'Its name, which no other snapshot of the domain has' }),
    description: nullable(string({ description: 'In whatever words' })),
    createdAt: string({ description: 'RFC 3339: the moment at which the files were as they are in it' }),
    parent: nullable(
      string({ description: 'The one that the domain was taken or reverted from before; null of the first' }),
    ),
    isCurrent: boolean({ description: 'Whether the domain was last taken or reverted to this one' }),
    children: integer({ minimum: 0, description: 'How many have it as their parent' }),
    state: state('What the domain was then'),
    frozenMs: nullable(
      number({ description: 'How long its programs could not write; null if none could before' }),
    ),
    expiresAt: nullable(string({ description: expires })),
    by: oneOf(['request', 'schedule', 'revert'], {
      description: 'Who made it; `revert` is what the domain was before that, erased at its next start',
    }),
    outside: list(
      object({
        target: string({ description: 'Where it is mounted in the container' }),
        source: string({ description: 'What of the host is mounted there' }),
      }),
      {
        description:
          'What the domain had besides its own files: this is not in the snapshot, and a revert leaves it as it is',
      },
    ),
  },
  { title: 'Snapshot', description: "What a domain's files and its document were at a moment" },
);
/** A snapshot of a domain. */
export type Snapshot = Static<typeof snapshot>;

/** A snapshot with what it takes. */
export const snapshotInfo = object(
  {
    ...snapshot.properties,
    occupiedBytes: integer({
      minimum: 0,
      description:
        'What its files take on the disk of the host, with the blocks that they share with the domain or other snapshots: at most so much is free once it is deleted',
    }),
  },
  { title: 'SnapshotInfo', description: 'A snapshot, and what it takes' },
);
/** A snapshot with what it takes. */
export type SnapshotInfo = Static<typeof snapshotInfo>;

/** What a snapshot is to be. */
export const snapshotRequest = strict({
  name: optional(
    string({ minLength: 1, description: 'Its name; the time in UTC, such as 20261130-120000, if absent' }),
  ),
  description: optional(string({ description: 'In whatever words' })),
  expiresAt: optional(string({ description: expires })),
});
/** What a snapshot is to be. */
export type SnapshotRequest = Static<typeof snapshotRequest>;

/** How a domain is reverted. */
export const snapshotRevert = strict({
  state: optional(
    state('What the domain is to be after it; what it is now if absent, and running if it is paused'),
  ),
});
/** How a domain is reverted. */
export type SnapshotRevert = Static<typeof snapshotRevert>;

/** Which snapshots are deleted besides, or instead. */
export const snapshotDelete = strict({
  children: optional(
    oneOf(['with', 'only'], { description: 'All that come from it, too, or these alone; neither if absent' }),
  ),
});
/** Which snapshots are deleted besides, or instead. */
export type SnapshotDelete = Static<typeof snapshotDelete>;

/** A file that is not what it was. */
export const changedFile = object(
  {
    change: oneOf(['added', 'changed', 'removed'], { description: 'What became of it' }),
    path: string({ description: 'Its path in the container' }),
    kind: oneOf(['file', 'folder', 'link', 'other'], { description: 'What it is, or was' }),
  },
  { title: 'ChangedFile', description: 'A file that is not what it was' },
);
/** A file that is not what it was. */
export type ChangedFile = Static<typeof changedFile>;
