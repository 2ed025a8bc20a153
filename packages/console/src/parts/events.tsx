// What happened, a line each.
// SPDX-License-Identifier: Apache-2.0
import type { DomainEvent } from '@ctvirt/api/browser';
import { moment } from '../format.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { hostNow } from '../state/clock.js';
import { texts } from '../texts.js';

const words = texts.events;
export const has = <T extends object>(table: T, key: PropertyKey): key is keyof T =>
  Object.hasOwn(table, key);

/** What it says of its domain. */
function tellEvent(event: DomainEvent): string {
  switch (event.event) {
    case 'beancounter':
      return words.refused(event.beancounter.resource, event.beancounter.rise);
    case 'changed':
      return words.changed(event.detail);
    case 'job':
      return words.job(texts.activity.kind(event.job.kind), texts.activity.state[event.job.state]);
    case 'stopped':
      return words.stopped(event.detail);
    case 'suspended':
      return words.suspended;
    case 'resumed':
      return words.resumed;
    default: {
      const told = words[event.event];
      return has(told, event.detail) ? String(told[event.detail]) : words.other(event.event, event.detail);
    }
  }
}

/** The latest first. */
export function EventLines({
  events,
  none,
}: {
  readonly events: readonly DomainEvent[];
  readonly none: string;
}) {
  if (events.length === 0) return <p class="soft">{none}</p>;
  const now = hostNow();
  return (
    <ul class="lines">
      {events.map((event) => (
        <li key={`${event.at} ${event.domain.uuid} ${event.event} ${event.detail}`}>
          <time dateTime={event.at} title={event.at}>
            {moment(event.at, now)}
          </time>
          <span class="what">
            <Link href={pathOf('domains', event.domain.name)}>{event.domain.name}</Link> {tellEvent(event)}
          </span>
        </li>
      ))}
    </ul>
  );
}
