// Long operations: what each does and of what, how far it is, who asked for it, and how it ended.
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
  'arrival',
  'snapshot',
  'revert',
  'clone',
  'freeze',
  'build',
  'update',
  'check',
  'forget',
  'prune',
] as const;

/** One long operation, of a domain, a template or a repository of backups; a domain has one at a time. */
export const job = object(
  {
    id: string({ description: 'Of this one alone, those of earlier daemons included' }),
    domain: nullable(string({ description: "The domain's name; null where it is of none" })),
    uuid: nullable(string({ description: "The domain's UUID; null likewise" })),
    template: nullable(
      string({ description: 'The template that is made, or written; null where it is of none' }),
    ),
    repository: nullable(string({ description: 'The repository of backups; null where it is of none' })),
    kind: oneOf(jobKinds, { description: 'What it does' }),
    state: oneOf(['running', 'done', 'failed', 'cancelled'], {
      description: 'Whether it is under way, or how it ended',
    }),
    startedAt: string({ description: 'When it began: RFC 3339' }),
    endedAt: nullable(string({ description: 'When it ended; null while it is under way' })),
    elapsedMs: integer({ description: 'How long it has been under way, or was, in milliseconds' }),
    waitedMs: integer({
      description:
        'How much of that it waited for its turn, behind what else was done to its domain or repository',
    }),
    exclusive: boolean({
      description: 'Whether it has the domain to itself now, so that all else that is asked of that waits',
    }),
    percent: nullable(
      integer({ description: 'How much of its present step is done; null if that is not known' }),
    ),
    peer: nullable(
      string({
        description: 'The other host: where a move goes to, or what an arrival comes from; else null',
      }),
    ),
    downMs: nullable(
      integer({
        description:
          'How long the domain was down for a move that has ended, by the clock here; null of one that was off, and of all else',
      }),
    ),
    progress: nullable(progressLine),
    by: nullable(string({ description: 'Who asked for it, in words; null where that is not known' })),
    error: nullable(string({ description: 'Why it failed; null if it did not' })),
  },
  { title: 'Job', description: 'A long operation' },
);
/** One long operation. */
export type Job = Static<typeof job>;
/** What a job does. */
export type JobKind = Job['kind'];
