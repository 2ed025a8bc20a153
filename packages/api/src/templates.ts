// Templates over HTTP: the images from which roots are made.
// SPDX-License-Identifier: Apache-2.0
import { bytes, json, none, progress, resource } from './route.js';
import { list, strict, string } from './schema.js';
import {
  buildRequest,
  expectedArchive,
  exportRequest,
  importRequest,
  template,
  templateExport,
  updateRequest,
} from './shapes/template.js';

/** The images from which roots are made. */
export const templates = resource({
  list: {
    method: 'GET',
    path: '/v1/templates',
    role: 'viewer',
    summary: 'List templates',
    body: none,
    answer: json(list(template)),
  },
  info: {
    method: 'GET',
    path: '/v1/templates/{template}',
    role: 'viewer',
    summary: 'One template',
    body: none,
    answer: json(template),
  },
  remove: {
    method: 'DELETE',
    path: '/v1/templates/{template}',
    role: 'admin',
    summary: 'Remove a template that no domain uses',
    body: none,
    answer: none,
  },
  rename: {
    method: 'PUT',
    path: '/v1/templates/{template}/name',
    role: 'admin',
    summary: 'Give a template that no domain uses another name',
    body: json(strict({ name: string({ minLength: 1, description: 'Its new name' }) })),
    answer: json(template),
  },
  update: {
    method: 'POST',
    path: '/v1/templates/{template}/update',
    role: 'admin',
    summary: 'Make a template again of what it was made of; who uses the old one keeps it',
    body: json(updateRequest),
    answer: progress(template),
  },
  export: {
    method: 'POST',
    path: '/v1/templates/{template}/export',
    role: 'admin',
    summary: "Write a template as an image, to a file of the daemon's machine that is not there yet",
    body: json(exportRequest),
    answer: progress(templateExport),
  },
  import: {
    method: 'POST',
    path: '/v1/templates/{template}/import',
    role: 'admin',
    summary: "Import an archive that lies on the daemon's machine",
    body: json(
      strict({
        source: string({ minLength: 1, description: 'Absolute path there' }),
        ...expectedArchive.properties,
        ...importRequest.properties,
      }),
    ),
    answer: progress(template),
  },
  upload: {
    method: 'PUT',
    path: '/v1/templates/{template}/archive',
    role: 'admin',
    summary: 'Import the archive that this request carries',
    query: expectedArchive.properties,
    body: bytes,
    answer: progress(template),
  },
  build: {
    method: 'POST',
    path: '/v1/templates/{template}/build',
    role: 'admin',
    summary: "Build a template from a distribution's packages",
    body: json(buildRequest),
    answer: progress(template),
  },
});
