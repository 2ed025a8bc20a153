// The host and the daemon over HTTP.
// SPDX-License-Identifier: Apache-2.0

import { Union } from 'typebox';
import { json, none, resource } from './route.js';
import { boolean, list, number, object, record, type Static, string } from './schema.js';

export const version = object(
  {
    name: string(),
    version: string(),
    capabilities: list(string(), { description: 'Features by name: ask these, never compare versions' }),
  },
  { title: 'Version' },
);
export type Version = Static<typeof version>;

/** The features of this contract, by name, for clients of later and earlier daemons. */
export const capabilities = [
  'domains',
  'exec',
  'console',
  'exec-signals',
  'templates',
  'template-upload',
  'profiles',
  'check',
  'events',
  'beancounters',
  'quota',
] as const;

const hostFacts = record(string(), Union([string(), number(), boolean()]));

export const host = resource({
  version: {
    method: 'GET',
    path: '/v1/version',
    summary: "The daemon's version and features",
    body: none,
    answer: json(version),
  },
  facts: {
    method: 'GET',
    path: '/v1/host',
    summary: 'Facts of the host and the driver',
    body: none,
    answer: json(hostFacts),
  },
});
