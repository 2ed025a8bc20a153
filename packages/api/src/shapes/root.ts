// Roots of domains that are gone: kept until they are given to a domain or erased.
// SPDX-License-Identifier: Apache-2.0
import { list, nullable, object, type Static, strict, string } from '../schema.js';
import { domainSummary } from './domain.js';

/** The files of a domain that was undefined without its storage. */
export const keptRoot = object(
  {
    name: string({ description: 'What it is kept as: the name of the domain, and a number' }),
    domain: string({ description: 'The name that its domain had' }),
    uuid: string({
      description: 'The UUID that its domain had: one that is defined with it gets its files back',
    }),
    keptAt: nullable(string({ description: 'Since when: RFC 3339; null if an earlier version kept it' })),
    erasedAt: nullable(
      string({
        description:
          'When it is erased: a day after its domain went to another host; RFC 3339, and null of what stays',
      }),
    ),
    templates: list(string(), { description: 'What it was made from' }),
    snapshots: list(string(), { description: 'The snapshots that are in there, and go with it' }),
    path: string({ description: "Its folder on the daemon's machine" }),
  },
  { title: 'KeptRoot', description: 'The files of a domain that was undefined without its storage' },
);
/** The files of a domain that was undefined without its storage. */
export type KeptRoot = Static<typeof keptRoot>;

/** Who gets a kept root. */
export const rootAdoption = strict({
  domain: string({ minLength: 1, description: 'A domain that is off, by name, UUID or id' }),
});
/** Who gets a kept root. */
export type RootAdoption = Static<typeof rootAdoption>;

/** Who got it, and what that one had before. */
export const adoptedRoot = object(
  {
    domain: domainSummary,
    kept: nullable(keptRoot),
  },
  { title: 'AdoptedRoot', description: 'Who got it, and what that one had before as it is kept now' },
);
/** Who got it, and what that one had before. */
export type AdoptedRoot = Static<typeof adoptedRoot>;
