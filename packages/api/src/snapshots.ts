// Snapshots of domains over HTTP: what a domain's files and document were at one time.
// SPDX-License-Identifier: Apache-2.0
import { json, none, progress, resource, text } from './route.js';
import { list, nullable, oneOf, strict, string } from './schema.js';
import { domainSummary } from './shapes/domain.js';
import { changedFile, snapshot, snapshotInfo, snapshotRequest, snapshotRevert } from './shapes/snapshot.js';

/** What a domain was at one time, and the way back there. */
export const snapshots = resource({
  list: {
    method: 'GET',
    path: '/v1/domains/{domain}/snapshots',
    role: 'viewer',
    summary: 'Snapshots of a domain, the oldest first',
    body: none,
    answer: json(list(snapshot)),
  },
  create: {
    method: 'POST',
    path: '/v1/domains/{domain}/snapshots',
    role: 'operator',
    summary: 'Take a snapshot of a domain, whether it runs or not',
    body: json(snapshotRequest),
    answer: progress(snapshot),
  },
  info: {
    method: 'GET',
    path: '/v1/domains/{domain}/snapshots/{snapshot}',
    role: 'viewer',
    summary: 'One snapshot, and what it takes on the disk',
    body: none,
    answer: json(snapshotInfo),
  },
  describe: {
    method: 'PATCH',
    path: '/v1/domains/{domain}/snapshots/{snapshot}',
    role: 'operator',
    summary: 'Give a snapshot another description; null takes it away',
    body: json(strict({ description: nullable(string({ description: 'A text for people' })) })),
    answer: json(snapshot),
  },
  delete: {
    method: 'DELETE',
    path: '/v1/domains/{domain}/snapshots/{snapshot}',
    role: 'admin',
    summary: 'Delete a snapshot; those that were deleted are answered',
    query: {
      children: oneOf(['with', 'only'], {
        description: 'Those after it, too, or those alone; they stay if it is not said',
      }),
    },
    body: none,
    answer: json(list(snapshot)),
  },
  xml: {
    method: 'GET',
    path: '/v1/domains/{domain}/snapshots/{snapshot}/xml',
    role: 'viewer',
    summary: "The domain's XML as it was then",
    body: none,
    answer: text('application/xml'),
  },
  revert: {
    method: 'POST',
    path: '/v1/domains/{domain}/snapshots/{snapshot}/revert',
    role: 'admin',
    summary:
      'Make files and document of a domain what they were then; what they were before is kept until its next start',
    body: json(snapshotRevert),
    answer: progress(domainSummary),
  },
  diff: {
    method: 'GET',
    path: '/v1/domains/{domain}/snapshots/{snapshot}/diff',
    role: 'operator',
    summary: 'The files that have changed since a snapshot',
    query: { against: string({ minLength: 1, description: 'Until this other snapshot, in place of now' }) },
    body: none,
    answer: json(list(changedFile)),
  },
});
