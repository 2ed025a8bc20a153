// What every domain uses now, in one answer: the line of the list with numbers beside it.
// SPDX-License-Identifier: Apache-2.0
import { nullable, number, object, type Static, string } from '../schema.js';
import { domainSummary } from './domain.js';
import { diskUse, domainUse } from './domain-info.js';
import { count } from './traffic.js';

/** What passed its links. */
const month = object(
  { inBytes: count('Bytes towards the container'), outBytes: count('Bytes from the container') },
  { description: 'What passed its links this month, in UTC' },
);

/** One line of `list` with what the domain uses. */
export const domainUsage = object(
  {
    ...domainSummary.properties,
    ...domainUse.properties,
    startedAt: nullable(string({ description: 'RFC 3339; null if it is off' })),
    maxMemoryKiB: nullable(number({ description: '`<memory>`, else `<hard_limit>`; null without either' })),
    cpuShare: nullable(
      number({
        description:
          'Processors it had over the last ten seconds or so, or since its start where that is newer: 1 is one all the time; null if it is off',
      }),
    ),
    disk: diskUse,
    traffic: month,
  },
  { title: 'DomainUsage', description: 'What a domain is and uses now, as one line' },
);
/** One line of `list` with what the domain uses. */
export type DomainUsage = Static<typeof domainUsage>;
