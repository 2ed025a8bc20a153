// Moves of domains to other hosts: what is asked for, and what is told of one.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';
import { domainState } from './domain.js';

/** Where to, and how. */
export const moveRequest = strict(
  {
    to: string({ minLength: 1, description: 'URI of the other host: `ctvirt+ssh://HOST/`' }),
    dryRun: optional(boolean({ description: 'Ask the other host, and move nothing' })),
    stopMs: optional(
      integer({ minimum: 0, description: 'How long its init may take to power off (60,000 if not said)' }),
    ),
  },
  { title: 'MoveRequest', description: 'Where a domain is to go' },
);
/** Where to, and how. */
export type MoveRequest = Static<typeof moveRequest>;

/** What became of it. */
export const moveReport = object(
  {
    domain: string({ description: 'Its name' }),
    to: string({ description: 'URI of the other host' }),
    moved: boolean({ description: 'Whether it is there now; false of a dry run' }),
    state: domainState,
    bytes: number({ description: 'What was sent of its files' }),
    files: number({ description: 'How many files, folders and links that were, compared at both ends' }),
    downMs: nullable(
      number({
        description:
          'From its end here until its init ran there, by the clock here; null of one that was off',
      }),
    ),
    downMsThere: nullable(number({ description: 'The same by the clock there' })),
    findings: list(string(), { description: 'What is not kept there' }),
    failure: nullable(string({ description: 'Why it is there, and does not run there' })),
  },
  { title: 'MoveReport', description: 'What became of a domain that was moved' },
);
/** What became of it. */
export type MoveReport = Static<typeof moveReport>;

/** Where a domain is whose move was not answered to its end. */
export const moveResolution = strict(
  { keeper: oneOf(['here', 'there'], { description: 'The host that has it from now on' }) },
  { title: 'MoveResolution', description: 'Who has a domain whose move was not answered to its end' },
);
/** Where a domain is whose move was not answered to its end. */
export type MoveResolution = Static<typeof moveResolution>;
