// Backups over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, progress, resource } from './route.js';
import { list, strict, string } from './schema.js';
import {
  backup,
  backupChecked,
  backupCheckRequest,
  backupInit,
  backupInitRequest,
  backupRepository,
  backupRequest,
  backupStatus,
  backupTaken,
  domainBackupRequest,
  forgetRequest,
  forgotten,
  restored,
  restoreRequest,
} from './shapes/backup.js';

/** Domains as they were, in repositories. */
export const backups = resource({
  repositories: {
    method: 'GET',
    path: '/v1/backup-repositories',
    role: 'viewer',
    summary: 'List the repositories that ctvirtd.conf names',
    body: none,
    answer: json(list(backupRepository)),
  },
  init: {
    method: 'POST',
    path: '/v1/backup-repositories',
    role: 'admin',
    summary: 'Make a repository that ctvirtd.conf names, and a password for it where there is none',
    body: json(backupInitRequest),
    answer: json(backupInit),
  },
  list: {
    method: 'GET',
    path: '/v1/backups',
    role: 'viewer',
    summary: 'List backups, of all domains or one, those that are gone included',
    query: {
      repository: string({ description: 'Of this repository' }),
      domain: string({ description: 'Of this domain, by name or UUID' }),
    },
    body: none,
    answer: json(list(backup)),
  },
  create: {
    method: 'POST',
    path: '/v1/domains/{domain}/backups',
    role: 'operator',
    summary: 'Back up a domain',
    body: json(domainBackupRequest),
    answer: progress(backupTaken),
  },
  status: {
    method: 'GET',
    path: '/v1/backup-status',
    role: 'viewer',
    summary:
      'Tell how the backups of all domains or one stand: when the last one was, what failed since, and what is late',
    query: { domain: string({ description: 'Of this domain, by name or UUID' }) },
    body: none,
    answer: json(list(backupStatus)),
  },
  restore: {
    method: 'POST',
    path: '/v1/backups/restore',
    role: 'admin',
    summary: 'Restore a domain, files of it, or a folder from a backup',
    body: json(restoreRequest),
    answer: progress(restored),
  },
  check: {
    method: 'POST',
    path: '/v1/backups/check',
    role: 'operator',
    summary: 'Check a repository, and restore and compare a sample of the last backup of each domain',
    body: json(backupCheckRequest),
    answer: progress(list(backupChecked)),
  },
  forget: {
    method: 'POST',
    path: '/v1/backups/forget',
    role: 'admin',
    summary: 'Remove the backups that are not to be kept',
    body: json(forgetRequest),
    answer: progress(forgotten),
  },
  prune: {
    method: 'POST',
    path: '/v1/backups/prune',
    role: 'admin',
    summary: 'Give back the room of what no backup needs any more',
    body: json(strict({ ...backupRequest.properties })),
    answer: progress(backupRepository),
  },
});
