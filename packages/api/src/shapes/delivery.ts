// What running domains were promised and given over the last minutes.
// SPDX-License-Identifier: Apache-2.0
import { nullable, number, object, oneOf, type Static, string } from '../schema.js';

const known = (description: string) =>
  nullable(number({ description: `${description}; null where this kernel does not count` }));

/** What one domain was given in a while. Shares of processor time are of one processor's: 1 is one all the time. */
export const delivered = object(
  {
    seconds: number({ description: 'How far back it goes' }),
    cpuShare: known('Processors it had: 1 is one all the time'),
    throttledShare: known('Part of the time in which its own limit held it up'),
    waitedShare: known(
      'Part of the time in which one of its processes waited for a processor; cgroup v2 alone tells',
    ),
    hostIdleShare: known("Part of all the host's processor time that nobody used"),
    memoryBytes: known('What it holds now'),
    leastMemoryBytes: known('The least it held, of samples ten seconds apart'),
    mostMemoryBytes: known('The most it held, of samples ten seconds apart'),
    reclaims: known('How often memory below the guarantee was taken from it; cgroup v2 alone tells'),
    limitHits: known('How often it met its own limit of memory'),
    kills: known('Processes ended for want of memory, by whatever limit'),
    stalledShare: known(
      'Part of the time in which one of its processes waited for memory; cgroup v2 alone tells',
    ),
  },
  { title: 'Delivered', description: 'What a domain was given; shares of time are of one processor' },
);
/** What one domain was given in a while. */
export type Delivered = Static<typeof delivered>;

/** Whether a promise was kept; null where nothing is promised. */
export const verdict = nullable(
  oneOf(['kept', 'broken', 'unknown'], {
    description: 'Null where nothing is promised; unknown where this kernel does not tell enough',
  }),
);
/** Whether a promise was kept; null where nothing is promised. */
export type Verdict = Static<typeof verdict>;

/** Whether both promises to a domain were kept. */
export const verdicts = object(
  { cpu: verdict, memory: verdict },
  {
    title: 'Verdicts',
    description:
      'Whether both promises to it were kept over the last five minutes; null where nobody knows what it was promised',
  },
);
/** Whether both promises to a domain were kept. */
export type Verdicts = Static<typeof verdicts>;

/** What a running domain was promised and what it was given. */
export const deliveryReport = object(
  {
    name: string({ description: "The domain's name" }),
    given: nullable(delivered),
    cpu: object(
      {
        units: number({ description: 'CPUUNITS' }),
        promisedShare: number({ description: 'Processors: 1 is one all the time' }),
        verdict,
      },
      { description: 'Processor time' },
    ),
    memory: object(
      {
        allocationBytes: number({ description: 'Not taken away: VMGUARPAGES, min_guarantee' }),
        survivalBytes: number({ description: 'Nothing is killed below: OOMGUARPAGES' }),
        verdict,
      },
      { description: 'Memory' },
    ),
  },
  {
    title: 'DeliveryReport',
    description:
      'What a running domain was promised and given; `given` is null before it was looked at twice',
  },
);
/** What a running domain was promised and what it was given. */
export type DeliveryReport = Static<typeof deliveryReport>;
