// Disk quotas over HTTP: what each file system of a domain holds and may hold.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
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
} from './schema.js';

export const quotaLine = object(
  {
    used: nullable(number({ description: 'Null where nothing tells' })),
    soft: nullable(number({ description: 'May be passed for as long as the grace; null is none' })),
    hard: nullable(number({ description: 'Null is none' })),
    state: oneOf(['within', 'over', 'expired'], {
      description: 'Against the soft limit: over it, or over it for longer than the grace',
    }),
    graceEnds: nullable(string({ description: 'RFC 3339; null within the soft limit' })),
  },
  { title: 'QuotaLine', description: 'Bytes or inodes' },
);
export type QuotaLine = Static<typeof quotaLine>;

export const ownerQuota = object(
  {
    kind: oneOf(['user', 'group']),
    id: integer({ description: 'Its number in the container' }),
    space: quotaLine,
    inodes: quotaLine,
  },
  { title: 'OwnerQuota' },
);
export type OwnerQuota = Static<typeof ownerQuota>;

export const filesystemQuota = object(
  {
    target: string({ description: 'Where it is mounted inside' }),
    space: quotaLine,
    inodes: quotaLine,
    how: string({ description: 'What keeps the limits, or why nothing does' }),
    owners: list(ownerQuota, { description: 'Who owns something there, or is limited: the second level' }),
    ownersHow: string({ description: 'What keeps their limits, or why nothing does' }),
  },
  { title: 'FilesystemQuota' },
);
export type FilesystemQuota = Static<typeof filesystemQuota>;

export const quotaReport = object(
  {
    name: string(),
    graceSeconds: number({ description: 'QUOTATIME' }),
    filesystems: list(filesystemQuota),
  },
  { title: 'QuotaReport' },
);
export type QuotaReport = Static<typeof quotaReport>;

export const quota = resource({
  show: {
    method: 'GET',
    path: '/v1/domains/{domain}/quota',
    summary: "What a domain's file systems hold, may hold, and for how long more than that",
    body: none,
    answer: json(quotaReport),
  },
  setOwner: {
    method: 'PUT',
    path: '/v1/domains/{domain}/quota',
    summary: 'Limit one user or group of a domain on its root; what is not said of it stays',
    body: json(
      strict({
        kind: oneOf(['user', 'group']),
        id: integer({ minimum: 0, maximum: 4294967294, description: 'Its number in the container' }),
        space: optional(
          string({
            maxLength: 64,
            description: 'soft:hard or one number, in KiB or with a suffix, or unlimited',
          }),
        ),
        inodes: optional(string({ maxLength: 64, description: 'The same, a number of files' })),
        live: optional(boolean({ description: 'In the running domain' })),
        stored: optional(
          boolean({ description: 'In its next start; without either, in the running one if it runs' }),
        ),
      }),
    ),
    answer: json(quotaReport),
  },
});
