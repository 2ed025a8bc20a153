// What happened to a domain, for whoever looks later.
// SPDX-License-Identifier: Apache-2.0
import { integer, nullable, object, oneOf, type Static, string } from '../schema.js';

/** One thing that happened to a domain. */
export const lifeEntry = object(
  {
    at: string({ description: 'When: RFC 3339, by the clock that the host had then' }),
    until: nullable(
      string({ description: 'When the last of several refusals was that are told as one; else null' }),
    ),
    event: oneOf(
      [
        ...([
          'defined',
          'undefined',
          'started',
          'unstarted',
          'suspended',
          'resumed',
          'asked',
          'stopped',
        ] as const),
        ...(['changed', 'snapshot', 'job', 'beancounter'] as const),
      ],
      {
        description:
          "As among events; `unstarted` is a start that failed, `asked` a request to power off or to reboot, `snapshot` one that was made, deleted or gone back to, `job` a long operation's end",
      },
    ),
    detail: string({
      description:
        'How: as among events; of a change `live`, `config` or both, of a job what it does and how it ended, of refusals the beancounter',
    }),
    name: string({ description: 'What the domain was called then' }),
    by: nullable(
      string({ description: 'Who asked for it; null where that is not known, and for what came by itself' }),
    ),
    words: nullable(
      string({
        description:
          'How it ended, why it failed, what was changed, which snapshot, which other host, or which name it had before; null where there is no more to say',
      }),
    ),
    refused: nullable(integer({ description: 'How often something was refused; else null' })),
    job: nullable(string({ description: 'Id of the job; else null' })),
  },
  { title: 'LifeEntry', description: 'One thing that happened to a domain' },
);
/** One thing that happened to a domain. */
export type LifeEntry = Static<typeof lifeEntry>;
