// Archives of whole domains over HTTP, and copies of domains.
// SPDX-License-Identifier: Apache-2.0
import { bytes, json, none, progress, resource, session } from './route.js';
import {
  archiveImport,
  archiveNames,
  archiveRequest,
  archiveStream,
  cloneRequest,
  copiedDomain,
  domainArchive,
} from './shapes/archive.js';

/** Domains as archives, which become domains again, and copies of domains. */
export const archives = resource({
  write: {
    method: 'POST',
    path: '/v1/domains/{domain}/archive',
    role: 'admin',
    summary: "Write a domain as an archive, to a file of the daemon's machine that is not there yet",
    body: json(archiveRequest),
    answer: progress(domainArchive),
  },
  stream: {
    method: 'GET',
    path: '/v1/domains/{domain}/archive',
    role: 'operator',
    summary:
      "The same on stdout; what is left out is told on stderr, and the exit status is 1 where that is the host's; `withMounts` takes an admin",
    body: none,
    answer: session(archiveStream),
  },
  import: {
    method: 'POST',
    path: '/v1/archives/import',
    role: 'admin',
    summary: "Define the domain of an archive that lies on the daemon's machine, with its files",
    body: json(archiveImport),
    answer: progress(copiedDomain),
  },
  upload: {
    method: 'PUT',
    path: '/v1/archives',
    role: 'admin',
    summary: 'Define the domain of the archive that this request carries, with its files',
    query: archiveNames.properties,
    body: bytes,
    answer: progress(copiedDomain),
  },
  clone: {
    method: 'POST',
    path: '/v1/domains/{domain}/clone',
    role: 'admin',
    summary: 'Make another domain with the files of one, and an identity of its own',
    body: json(cloneRequest),
    answer: progress(copiedDomain),
  },
});
