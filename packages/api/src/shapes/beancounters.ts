// OpenVZ's accounting: held, maxheld, barrier, limit and failcnt of each beancounter.
// SPDX-License-Identifier: Apache-2.0
import { boolean, integer, list, nullable, number, object, oneOf, type Static, string } from '../schema.js';

/** One beancounter of a domain, in its own unit. */
export const beancounterRow = object(
  {
    resource: string({ description: "OpenVZ's name, in lower case as its kernel has it" }),
    unit: oneOf(['pages', 'bytes', 'count'], { description: 'Of the numbers of this row' }),
    held: nullable(number({ description: 'Null where the kernel does not tell, or the domain is off' })),
    maxheld: nullable(number({ description: 'The most it held since the start; null as `held`' })),
    sampled: boolean({ description: "Whether `maxheld` is the highest of samples, not the kernel's own" }),
    barrier: nullable(number({ description: 'Null is unlimited' })),
    limit: nullable(number({ description: 'Null is unlimited' })),
    failcnt: nullable(
      integer({ description: 'Refusals since the start; null where the kernel does not count them' }),
    ),
    how: string({ description: "For people: what is counted, and how that differs from OpenVZ's" }),
  },
  { title: 'BeancounterRow', description: 'One beancounter of a domain, in its own unit' },
);
/** One beancounter of a domain. */
export type BeancounterRow = Static<typeof beancounterRow>;

/** A domain's accounting since its start. */
export const beancounterReport = object(
  {
    name: string({ description: "The domain's name" }),
    uuid: string({ description: "The domain's UUID" }),
    ctid: nullable(integer({ description: "OpenVZ's number of it; null if it has none" })),
    startedAt: nullable(
      string({ description: 'RFC 3339; null if it is off: then nothing but barriers and limits is known' }),
    ),
    countedAt: nullable(
      string({
        description:
          'RFC 3339: when numfile, numpty, numsiginfo, numflock, numtcpsock and numothersock were counted, which no cgroup counts; null if it is off',
      }),
    ),
    uncounted: integer({
      description:
        'Processes of whose open files not all were looked at, since the domain has more than 50000: numfile (before Linux 6.2) and numpty are at least what is told; else 0',
    }),
    rows: list(beancounterRow, { description: "In the order of OpenVZ's kernel" }),
  },
  { title: 'BeancounterReport', description: "A domain's accounting since its start" },
);
/** A domain's accounting since its start. */
export type BeancounterReport = Static<typeof beancounterReport>;
