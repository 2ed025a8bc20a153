// Disk quotas over HTTP: what each file system of a domain holds and may hold.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list, nullable, number, object, oneOf, type Static, string } from './schema.js';

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

export const filesystemQuota = object(
  {
    target: string({ description: 'Where it is mounted inside' }),
    space: quotaLine,
    inodes: quotaLine,
    how: string({ description: 'What keeps the limits, or why nothing does' }),
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
});
