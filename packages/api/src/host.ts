// The host and the daemon over HTTP.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource } from './route.js';
import { daemonVersion, hostFacts } from './shapes/host.js';

/** The features of this contract, by name, for clients of later and earlier daemons. */
export const capabilities = [
  'domains',
  'exec',
  'console',
  'exec-signals',
  'templates',
  'template-upload',
  'profiles',
  'networks',
  'filters',
  'check',
  'events',
  'beancounters',
  'quota',
  'traffic',
  'web',
] as const;

/** The daemon and its host. */
export const host = resource({
  version: {
    method: 'GET',
    path: '/v1/version',
    role: 'viewer',
    summary: "The daemon's version and features",
    body: none,
    answer: json(daemonVersion),
  },
  facts: {
    method: 'GET',
    path: '/v1/host',
    role: 'viewer',
    summary: 'Facts of the host and the driver',
    body: none,
    answer: json(hostFacts),
  },
});
