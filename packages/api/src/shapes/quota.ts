// What a domain's file systems hold and may hold: the report of `ctvirt quota`.
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

/** Where usage stands against a soft limit. */
export const limitState = oneOf(['within', 'over', 'expired'], {
  description: 'Against the soft limit: over it, or over it for longer than the grace',
});
/** Where usage stands against a soft limit. */
export type LimitState = Static<typeof limitState>;

/** Space in bytes, or a number of inodes: used and allowed. */
export const quotaLine = object(
  {
    used: nullable(number({ description: 'Null where nothing tells' })),
    soft: nullable(number({ description: 'May be passed for as long as the grace; null is none' })),
    hard: nullable(number({ description: 'Null is none' })),
    state: limitState,
    graceEnds: nullable(
      string({ description: 'RFC 3339: when the grace ends or ended; null within the soft limit' }),
    ),
  },
  { title: 'QuotaLine', description: 'Bytes or inodes, used and allowed' },
);
/** Bytes or inodes, used and allowed. */
export type QuotaLine = Static<typeof quotaLine>;

/** A kind of owner that a limit may be for. */
export const ownerKind = oneOf(['user', 'group'], { description: 'Whose limit it is' });

/** The second level: what one user or group of the container holds and may hold. */
export const ownerQuota = object(
  {
    kind: ownerKind,
    id: integer({ description: 'Its number in the container' }),
    enforced: boolean({ description: 'False where its limits are recorded only' }),
    space: quotaLine,
    inodes: quotaLine,
  },
  { title: 'OwnerQuota', description: 'What one user or group of the container holds and may hold' },
);
/** What one user or group of the container holds and may hold. */
export type OwnerQuota = Static<typeof ownerQuota>;

/** One file system of a domain, as a whole and by owners. */
export const filesystemQuota = object(
  {
    target: string({ description: 'Where it is mounted inside' }),
    enforced: boolean({ description: 'False where its limits are recorded only' }),
    space: quotaLine,
    inodes: quotaLine,
    how: string({ description: 'For people: what keeps the limits, or why nothing does' }),
    owners: list(ownerQuota, { description: 'Who owns something there, or is limited: the second level' }),
    ownersHow: string({ description: 'For people: what keeps their limits, or why nothing does' }),
  },
  { title: 'FilesystemQuota', description: 'What a file system of a domain holds and may hold' },
);
/** What a file system of a domain holds and may hold. */
export type FilesystemQuota = Static<typeof filesystemQuota>;

/** What all file systems of a domain hold and may hold. */
export const quotaReport = object(
  {
    name: string({ description: "The domain's name" }),
    graceSeconds: number({ description: 'QUOTATIME: how long a soft limit may be passed' }),
    filesystems: list(filesystemQuota, { description: 'In the order of the document' }),
  },
  { title: 'QuotaReport', description: "What a domain's file systems hold and may hold" },
);
/** What all file systems of a domain hold and may hold. */
export type QuotaReport = Static<typeof quotaReport>;

/** Limits of one user or group; what is not said of it stays. */
export const ownerLimits = strict({
  kind: ownerKind,
  id: integer({ minimum: 0, maximum: 4294967294, description: 'Its number in the container' }),
  space: optional(
    string({
      maxLength: 64,
      description: 'soft:hard or one number, in KiB or with a suffix; 0 or unlimited is none',
    }),
  ),
  inodes: optional(string({ maxLength: 64, description: 'The same, a number of files' })),
});
/** Limits of one user or group; what is not said of it stays. */
export type OwnerLimits = Static<typeof ownerLimits>;
