// What a domain is and uses now: `dominfo`, with the walls between it and the host.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  nulls,
  number,
  object,
  oneOf,
  type Static,
  string,
} from '../schema.js';
import { domainSummary } from './domain.js';

/** One of the walls between a container and its host. */
export const wall = object(
  {
    name: oneOf(
      [
        'ids',
        'capabilities',
        'system-calls',
        'apparmor',
        'no-new-privileges',
        'processes',
        'network',
        'folders',
      ],
      { description: 'What keeps it apart' },
    ),
    state: oneOf(['up', 'loosened', 'down'], { description: 'Whether it stands, in part, or not' }),
    how: string({ description: 'For people: what stands there, or why nothing does' }),
  },
  { title: 'Wall', description: 'One of the walls between a container and its host' },
);
/** One of the walls between a container and its host. */
export type Wall = Static<typeof wall>;

/** What its root takes and may take; null where nothing limits or counts it. */
export const diskUse = object(
  {
    usedBytes: nullable(
      number({ description: 'What the root holds, running or off; null where nothing tells' }),
    ),
    limitBytes: nullable(
      number({
        description:
          "The root's hard limit on space, less what the file system keeps for itself; null without one",
      }),
    ),
    usedInodes: nullable(number({ description: 'Files, folders and links there; null where nothing tells' })),
    limitInodes: nullable(number({ description: "The root's hard limit on inodes; null without one" })),
  },
  { description: 'Of the root' },
);
/** What its root takes and may take. */
export type DiskUse = Static<typeof diskUse>;

/** Host ids of a container: id 0 inside is `start` on the host. */
export const idRange = object(
  {
    start: integer({ description: 'The host id of id 0 inside' }),
    count: integer({ description: 'How many ids follow from there' }),
  },
  { description: 'Its leased range of host ids; null with an `<idmap>` of its own' },
);

/** What is measured of a run: one row each. Of a domain that is off, and where nothing counts it, null. */
export const domainUse = object({
  usedMemoryKiB: nullable(
    number({
      description:
        "Its group's memory.current (v1: memory.usage_in_bytes), page cache included; null if it is off",
    }),
  ),
  cpuTimeNs: nullable(
    number({ description: "Its group's cpu.stat usage_usec (v1: cpuacct.usage); null if it is off" }),
  ),
  processes: nullable(integer({ description: "Threads too: its group's pids.current" })),
  maxProcesses: nullable(integer({ description: "Its group's pids.max; null if unlimited or off" })),
});
/** What is measured of a run. */
export type DomainUse = Static<typeof domainUse>;

/** Of what nothing is measured of. */
export const unmeasured = nulls(domainUse.properties);

/** `dominfo`: the summary and what takes a few reads of the kernel's files. */
export const domainInfo = object(
  {
    ...domainSummary.properties,
    initPid: nullable(integer({ description: "Its init's pid on the host; null if it is off" })),
    startedAt: nullable(string({ description: 'RFC 3339; null if it is off' })),
    rescue: boolean({ description: 'Whether a shell runs in the place of its init' }),
    lastEnd: nullable(
      object(
        {
          at: string({ description: 'RFC 3339' }),
          how: string({ description: 'For people: what init ended with, or why it could not start' }),
        },
        { description: 'How its last run ended; null if none did' },
      ),
    ),
    vcpus: number({
      description: "Processors it has: `current` of `<vcpu>`, else its number, else the host's",
    }),
    maxMemoryKiB: nullable(number({ description: '`<memory>`, else `<hard_limit>`; null without either' })),
    ...domainUse.properties,
    maxProcessesDefault: boolean({
      description: 'Whether that is what a domain has whose document does not name NUMPROC',
    }),
    disk: diskUse,
    idMap: nullable(idRange),
    walls: list(wall, {
      description: 'From the thickest on: of a running domain as they are, else as its next start has them',
    }),
  },
  { title: 'DomainInfo', description: 'What a domain is and uses now' },
);
/** What a domain is and uses now. */
export type DomainInfo = Static<typeof domainInfo>;
