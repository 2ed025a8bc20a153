// What happens to domains: changes of state, changes of the document, and resources that were refused.
// SPDX-License-Identifier: Apache-2.0
import {
  anyOf,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  record,
  type Static,
  string,
} from '../schema.js';
import { domainSummary } from './domain.js';
import { job } from './job.js';

const tunableChange = object({
  what: oneOf(['tunable'], { description: 'Scheduler parameters' }),
  values: record(string(), anyOf([number(), string()]), {
    description: "By libvirt's names of its tunable event (`cputune.cpu_shares`), with their new values",
  }),
});
const memoryChange = object({
  what: oneOf(['memory'], { description: '`<currentMemory>`' }),
  currentKiB: integer({ description: 'What it may use now' }),
});
const parametersChange = object({
  what: oneOf(['parameters'], { description: 'Resource parameters' }),
  keys: list(string(), { description: "By OpenVZ's names" }),
});
const metadataChange = object({
  what: oneOf(['metadata'], {
    description: 'Words for people and for programs, which change nothing that runs',
  }),
  kind: oneOf(['title', 'description', 'element'], { description: 'Which of them' }),
  uri: nullable(string({ description: 'The namespace of an element; null for title and description' })),
});
const deviceChange = object({
  what: oneOf(['device-added', 'device-removed'], { description: 'A link that came or went' }),
  alias: string({ description: 'Its name on the host, or inside where it has none there' }),
});

/** One of the things that a change of a document made different. */
export const change = anyOf([tunableChange, memoryChange, parametersChange, metadataChange, deviceChange]);
/** One of the things that a change made different, by what clients know it as. */
export type Change = Static<typeof change>;

/** What every event has, whatever it is about. */
export const eventMembers = {
  seq: integer({
    description: 'Rises from each event to the next, over restarts of the daemon, too; `since` takes it',
  }),
  at: string({ description: 'When it happened: RFC 3339' }),
};

/** Told once in the place of events that are not known any more. */
export const eventGap = object(
  {
    event: oneOf(['gap'], {
      description: 'Events are missing before this: ask anew for what they are about',
    }),
    detail: oneOf(['forgotten', 'restarted'], {
      description: 'Too many happened since, or the daemon that told of them has ended',
    }),
    ...eventMembers,
  },
  {
    title: 'EventGap',
    description: 'Not all that happened since is known any more; what happens after its `seq` is told',
  },
);
/** Told once in the place of events that are not known any more. */
export type EventGap = Static<typeof eventGap>;

const members = { domain: domainSummary, ...eventMembers };

/** A change of state, in libvirt's vocabulary of lifecycle events. */
export const lifecycleEvent = object(
  {
    event: oneOf(['defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped'], {
      description: "libvirt's name of the event",
    }),
    detail: string({
      description:
        'How: added, updated or renamed, removed or renamed, booted or rebooted, paused, unpaused, or why it stopped',
    }),
    ...members,
  },
  { title: 'LifecycleEvent', description: 'A domain came, went, or changed its state' },
);
/** A domain came, went, or changed its state. */
export type LifecycleEvent = Static<typeof lifecycleEvent>;

/** Refusals that were counted since the last such event. */
export const refusals = object(
  {
    resource: string({ description: "OpenVZ's name of the beancounter" }),
    rise: integer({ description: 'Refusals since the last such event' }),
    failcnt: integer({ description: 'Refusals since the start of the domain' }),
  },
  { description: 'The first refusal is told at once, later ones every ten seconds' },
);

/** A running domain was refused something. */
export const beancounterEvent = object(
  {
    event: oneOf(['beancounter'], { description: 'A resource was refused' }),
    detail: string({ description: 'The name of the beancounter' }),
    beancounter: refusals,
    ...members,
  },
  { title: 'BeancounterEvent', description: 'A running domain was refused something' },
);
/** A running domain was refused something. */
export type BeancounterEvent = Static<typeof beancounterEvent>;

/** A domain was changed while it exists, whoever did it, and by whichever frontend. */
export const changedEvent = object(
  {
    event: oneOf(['changed'], { description: 'The document was changed, stored or running' }),
    detail: string({ description: 'The kinds of what changed, with blanks between them' }),
    changes: list(change, { description: 'What the change made different' }),
    ...members,
  },
  { title: 'ChangedEvent', description: 'A domain was changed, whoever did it' },
);
/** A domain was changed, whoever did it. */
export type ChangedEvent = Static<typeof changedEvent>;

/** A job of a domain began or ended. */
export const jobEvent = object(
  {
    event: oneOf(['job'], { description: 'A long operation began or ended' }),
    detail: string({ description: 'What the job does, and its state, with a blank between them' }),
    job,
    ...members,
  },
  { title: 'JobEvent', description: 'A long operation of a domain began or ended' },
);
/** A job of a domain began or ended. */
export type JobEvent = Static<typeof jobEvent>;

/** Anything that happens to a domain; `event` tells which it is. */
export const domainEvent = anyOf([lifecycleEvent, beancounterEvent, changedEvent, jobEvent], {
  title: 'DomainEvent',
  description: 'Anything that happens to a domain; `event` tells which it is',
});
/** Anything that happens to a domain. */
export type DomainEvent = Static<typeof domainEvent>;
