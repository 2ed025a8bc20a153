// ctvirt events
// SPDX-License-Identifier: Apache-2.0
import type { Change, DomainEvent } from '@ctvirt/api';
import { printable } from '../printable.js';
import { verb } from '../verb.js';
import { capitalise } from '../wording.js';
import { eventDetails, eventOptions, followEvents } from './following.js';

/** JSON is one event a line, as it happens; without `--loop` it ends after the first. */
export const events = verb({
  name: 'events',
  aliases: ['event'],
  group: 'Host',
  summary: 'Print state changes and refused resources as they happen',
  details: eventDetails,
  args: { domain: { summary: 'Only of this domain (name, UUID or id)', optional: true, complete: 'domain' } },
  options: eventOptions,
  example: {
    command: 'ctvirt events --loop --timestamp',
    does: 'Prints what happens to any domain, until Ctrl-C.',
  },
  async run(context, { args: { domain }, options }) {
    await followEvents(
      context,
      options,
      (past, signal) => context.client.events.watch({ domain, ...past }, { signal }),
      describeEvent,
    );
  },
});

function describeEvent(told: DomainEvent): string {
  const name = printable(told.domain.name);
  if (told.event === 'beancounter') {
    const { resource, rise, failcnt } = told.beancounter;
    return `event 'beancounter' for domain '${name}': ${printable(resource)} failcnt rose by ${rise} to ${failcnt}`;
  }
  if (told.event === 'changed')
    return `event 'changed' for domain '${name}': ${printable(told.changes.map(describeChange).join(', '))}`;
  if (told.event === 'job') {
    const { kind, state, error } = told.job;
    const why = error === null ? '' : `: ${error}`;
    return `event 'job' for domain '${name}': ${printable(`${kind} ${state}${why}`)}`;
  }
  const { event, detail } = told;
  return `event 'lifecycle' for domain '${name}': ${capitalise(event)} ${capitalise(printable(detail))}`.trimEnd();
}

function describeChange(change: Change): string {
  switch (change.what) {
    case 'tunable':
      return Object.entries(change.values)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ');
    case 'memory':
      return `memory ${change.currentKiB} KiB`;
    case 'parameters':
      return change.keys.join(', ');
    case 'metadata':
      return change.uri === null ? change.kind : `metadata of ${change.uri}`;
    default:
      return `${change.what} ${change.alias}`;
  }
}
