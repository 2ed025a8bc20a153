// Long operations of domains: what each does, how far it is, and how it ended.
// SPDX-License-Identifier: Apache-2.0
import { boolean, integer, nullable, object, oneOf, type Static, string } from '../schema.js';
import { progressLine } from './template.js';

/** What jobs do. */
export const jobKinds = [
  'export',
  'import',
  'backup',
  'restore',
  'move',
  'snapshot',
  'revert',
  'clone',
  'freeze',
] as const;

/** One long operation of a domain, which has one at a time. */
export const job = object(
  {
    domain: string({ description: "The domain's name" }),
    uuid: string({ description: "The domain's UUID" }),
    kind: oneOf(jobKinds, { description: 'What it does' }),
    state: oneOf(['running', 'done', 'failed', 'cancelled'], {
      description: 'Whether it is under way, or how it ended',
    }),
    startedAt: string({ description: 'When it began: RFC 3339' }),
    endedAt: nullable(string({ description: 'When it ended; null while it is under way' })),
    elapsedMs: integer({ description: 'How long it has been under way, or was, in milliseconds' }),
    exclusive: boolean({
      description: 'Whether it has the domain to itself now, so that all else that is asked of that waits',
    }),
    progress: nullable(progressLine),
    error: nullable(string({ description: 'Why it failed; null if it did not' })),
  },
  { title: 'Job', description: 'A long operation of a domain' },
);
/** One long operation of a domain. */
export type Job = Static<typeof job>;
/** What a job does. */
export type JobKind = Job['kind'];
