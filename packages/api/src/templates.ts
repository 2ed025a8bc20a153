// Templates over HTTP: the images from which roots are made.
// SPDX-License-Identifier: Apache-2.0
import { bytes, json, none, progress, resource } from './route.js';
import { integer, list, number, object, oneOf, optional, type Static, strict, string } from './schema.js';

export const template = object(
  {
    name: string(),
    digest: string(),
    sizeBytes: number(),
    unpackedBytes: number(),
    inodes: number(),
    importedAt: string({ description: 'RFC 3339' }),
    source: string(),
    usedBy: list(string({ description: 'Domain name' })),
  },
  { title: 'Template' },
);
export type Template = Static<typeof template>;

/** One step of a long operation: what it is doing, how far it is, and of how much if that is known. */
export const progressLine = object(
  { phase: string(), done: number(), total: optional(number()) },
  { title: 'Progress' },
);
export type Progress = Static<typeof progressLine>;

const digest = string({ description: 'Expected digest, `sha256:` and 64 hexadecimal digits' });
const sizeBytes = integer({ minimum: 0, description: 'Expected size of the archive' });

export const templates = resource({
  list: {
    method: 'GET',
    path: '/v1/templates',
    summary: 'List templates',
    body: none,
    answer: json(list(template)),
  },
  info: {
    method: 'GET',
    path: '/v1/templates/{template}',
    summary: 'One template',
    body: none,
    answer: json(template),
  },
  remove: {
    method: 'DELETE',
    path: '/v1/templates/{template}',
    summary: 'Remove a template that no domain uses',
    body: none,
    answer: none,
  },
  import: {
    method: 'POST',
    path: '/v1/templates/{template}/import',
    summary: "Import an archive that lies on the daemon's machine",
    body: json(
      strict({
        source: string({ minLength: 1, description: 'Absolute path there' }),
        digest: optional(digest),
        sizeBytes: optional(sizeBytes),
      }),
    ),
    answer: progress(template),
  },
  upload: {
    method: 'PUT',
    path: '/v1/templates/{template}/archive',
    summary: 'Import the archive that this request carries',
    query: { digest, sizeBytes },
    body: bytes,
    answer: progress(template),
  },
  build: {
    method: 'POST',
    path: '/v1/templates/{template}/build',
    summary: "Build a template from a distribution's packages",
    body: json(
      strict({
        distribution: oneOf(['debian', 'busybox']),
        suite: optional(string()),
        include: optional(list(string(), { description: 'Packages beyond the base' })),
        mirror: optional(string()),
      }),
    ),
    answer: progress(template),
  },
});
