// Profiles over HTTP: named sets of limits in OpenVZ's sample-file format.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { list } from './schema.js';
import { profile } from './shapes/profile.js';

/** Named sets of limits. */
export const profiles = resource({
  list: {
    method: 'GET',
    path: '/v1/profiles',
    role: 'viewer',
    summary: 'List profiles',
    body: none,
    answer: json(list(profile)),
  },
  show: {
    method: 'GET',
    path: '/v1/profiles/{profile}',
    role: 'viewer',
    summary: 'One profile',
    body: none,
    answer: json(profile),
  },
});
