// What domains used over time, in few numbers each: as the last look found it, and as it lies in rings of the past.
// SPDX-License-Identifier: Apache-2.0
import { integer, list, nullable, number, object, oneOf, record, type Static, string } from '../schema.js';
import { verdicts } from './delivery.js';
import { domainSummary } from './domain.js';
import { diskUse } from './domain-info.js';
import { guaranteePolicy, ledgerRow } from './guarantees.js';

const known = (description: string) =>
  nullable(number({ description: `${description}; null where nothing tells` }));

/** The numbers that are kept of each domain. What counts up is told by the second. */
export const seriesValues = object(
  {
    cpu: known('Processors it had: 1 is one all the time'),
    throttled: known('Part of the time in which its own limit held it up; of one processor'),
    waited: known('Part of the time in which a process waited for a processor; cgroup v2 alone tells'),
    memory: known('Bytes in use, page cache included'),
    swap: known('Bytes of swap in use'),
    memoryStalled: known('Part of the time in which a process waited for memory; cgroup v2 alone tells'),
    processes: known('Processes and threads'),
    disk: known('Bytes that its root holds'),
    diskRead: known('Bytes read from disks, a second'),
    diskWritten: known('Bytes written to disks, a second'),
    received: known('Bytes towards the container over its links, a second'),
    sent: known('Bytes from the container over its links, a second'),
    ioWaited: known('Part of the time in which a process waited for a disk; cgroup v2 alone tells'),
    refused: known('Resources that were refused, of all beancounters, a second'),
    promisedMemory: known('Bytes that were promised to be left to it'),
  },
  { title: 'SeriesValues', description: 'The numbers that are kept of each domain' },
);
/** The numbers that are kept of each domain. */
export type SeriesValues = Static<typeof seriesValues>;
/** One of them. */
export type SeriesName = keyof SeriesValues;

/** By name, in the order in which people are shown them. */
export const seriesNames: readonly string[] = Object.keys(seriesValues.properties);

/** A limit that a domain met: it was refused something. */
export const wallHit = object(
  {
    at: string({ description: 'When it was told: RFC 3339' }),
    domain: string({ description: "The domain's name" }),
    resource: string({ description: "OpenVZ's name of the beancounter" }),
    rise: integer({ description: 'Refusals since the last such record' }),
    failcnt: integer({ description: 'Refusals since the start of the domain' }),
  },
  { title: 'WallHit', description: 'A limit that a domain met' },
);
/** A limit that a domain met. */
export type WallHit = Static<typeof wallHit>;

/** What a running domain used at the last look at it. */
export const domainNow = object(
  {
    ...domainSummary.properties,
    startedAt: string({ description: 'RFC 3339' }),
    at: nullable(string({ description: 'When it was looked at: RFC 3339; null before the first look' })),
    now: seriesValues,
    maxMemoryKiB: nullable(number({ description: '`<memory>`, else `<hard_limit>`; null without either' })),
    maxProcesses: nullable(integer({ description: "Its group's pids.max; null if unlimited" })),
    disk: nullable(diskUse),
    refusedInDay: integer({ description: 'Resources that it was refused in the last 24 hours' }),
    lastWall: nullable(wallHit),
  },
  { title: 'DomainNow', description: 'What a running domain used at the last look at it' },
);
/** What a running domain used at the last look at it. */
export type DomainNow = Static<typeof domainNow>;

/** What all running domains used at the last look, and what is promised, among events: few bytes for each. */
export const usageLine = object(
  {
    event: oneOf(['usage'], { description: 'What running domains used at the last look' }),
    at: string({ description: 'RFC 3339' }),
    promises: nullable(
      object(
        {
          policy: guaranteePolicy,
          rows: list(ledgerRow, {
            description: 'As in `GET /v1/guarantees`, with what the last look found used',
          }),
        },
        { description: 'The ledger; null where that fails, and `GET /v1/guarantees` tells why' },
      ),
    ),
    series: list(string(), { description: 'What the values are, in their order' }),
    domains: list(
      object({
        uuid: string({ description: "The domain's UUID" }),
        values: list(nullable(number()), { description: 'As in `now` of `GET /v1/usage/now`' }),
        refusedInDay: integer({ description: 'Resources that it was refused in the last 24 hours' }),
        verdicts: nullable(verdicts),
      }),
      { description: 'All that run' },
    ),
  },
  { title: 'UsageLine', description: 'What all running domains used at the last look' },
);
/** What all running domains used at the last look. */
export type UsageLine = Static<typeof usageLine>;

/** One series. */
export const historyPoints = object(
  {
    unit: oneOf(['processors', 'part', 'bytes', 'count', 'bytes/s', 'count/s'], {
      description: 'Of the numbers; part is of the time, from 0 to 1',
    }),
    average: list(nullable(number()), { description: 'One for each step; null is a gap' }),
    most: list(nullable(number()), { description: 'The highest number within each step' }),
    last: known('As the newest look within the span found it, however long the steps are'),
    why: nullable(
      string({
        description: 'Why nothing is known of it: what the kernel does not count, for one; else null',
      }),
    ),
  },
  { title: 'HistoryPoints', description: 'One series, a point for each step' },
);
/** One series. */
export type HistoryPoints = Static<typeof historyPoints>;

/** What a domain, or all of them together, used over time. */
export const history = object(
  {
    name: nullable(string({ description: "The domain's name; null of the host" })),
    uuid: nullable(string({ description: "The domain's UUID; null of the host" })),
    from: string({ description: 'When the first step begins: RFC 3339' }),
    to: string({ description: 'When the last one ends' }),
    stepSeconds: integer({ description: 'How long each step is' }),
    lastAt: nullable(
      string({ description: 'When `last` of each series was found: RFC 3339; null where nothing is known' }),
    ),
    series: record(string(), historyPoints, { description: 'By name' }),
    walls: list(wallHit, { description: 'Limits that were met between the two times, to the second' }),
  },
  { title: 'History', description: 'What a domain, or all together, used over time' },
);
/** What a domain, or all of them together, used over time. */
export type History = Static<typeof history>;
