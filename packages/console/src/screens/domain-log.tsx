// What happened to a domain, whichever daemon it was, and what it wrote to its console.
// SPDX-License-Identifier: Apache-2.0
import type { DomainEvent, LifeEntry } from '@ctvirt/api/browser';
import { moment } from '../format.js';
import { has } from '../parts/events.js';
import { Answer, Card } from '../parts/frame.js';
import { plain } from '../parts/plain.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { may } from '../state/session.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.domain;
const { life } = words;

/** So many are shown. */
const most = 500;

/** Not all that is noted of a domain is an event. */
const wakesOf = (uuid: string) => ({
  onEvent: ({ domain }: DomainEvent) => domain.uuid === uuid,
  onBeat: true,
});

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const past = useAsked(
    (signal) => daemon.life.domain({ domain: uuid, last: most }, { signal }),
    [uuid],
    wakesOf(uuid),
  );
  return (
    <>
      <Card title={words.log} sub={texts.usage.time}>
        <Answer of={past}>{(entries) => <Lines entries={[...entries].reverse()} />}</Answer>
      </Card>
      <Card title={words.consoleLog}>
        {may('operator') ? <Console uuid={uuid} /> : <p class="soft">{words.consoleNot}</p>}
      </Card>
    </>
  );
}

/** The latest first. */
function Lines({ entries }: { readonly entries: readonly LifeEntry[] }) {
  if (entries.length === 0) return <p class="soft">{words.logNone}</p>;
  const now = hostNow();
  return (
    <ul class="lines">
      {entries.map((entry, at) => (
        <li key={entries.length - at}>
          <time dateTime={entry.at} title={entry.at}>
            {moment(entry.at, now)}
          </time>
          <span class="what">
            {tell(entry, now)}
            {entry.by !== null && <span class="small soft block">{life.by(entry.by)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function tell({ event, detail, words: more, until, refused }: LifeEntry, now: Date): string {
  const known = texts.events;
  switch (event) {
    case 'beancounter':
      return known.refused(detail, refused ?? 0) + (until === null ? '' : life.until(moment(until, now)));
    case 'changed':
      return known.changed(more ?? detail);
    case 'stopped':
      return known.stopped(more === null || more === detail ? detail : `${detail}, ${more}`);
    case 'unstarted':
      return life.unstarted(more ?? '');
    case 'asked':
      return has(life.asked, detail) ? life.asked[detail] : known.other(event, detail);
    case 'snapshot':
      return known.other(`${event} ${more}`, detail);
    case 'suspended':
    case 'resumed':
      return known[event];
    case 'job':
      return more === null ? detail : `${detail}: ${more}`;
    default: {
      if (detail === 'renamed' && more !== null) return life.renamed(more);
      const told = known[event];
      return has(told, detail) ? String(told[detail]) : known.other(event, detail);
    }
  }
}

function Console({ uuid }: { readonly uuid: string }) {
  const log = useAsked(
    (signal) => daemon.domains.consoleLog({ domain: uuid }, { signal }),
    [uuid],
    wakesOf(uuid),
  );
  return (
    <Answer of={log}>
      {({ text }) =>
        plain(text) === '' ? (
          <p class="soft">{words.consoleNone}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
          <pre class="console" tabIndex={0}>
            {plain(text)}
          </pre>
        )
      }
    </Answer>
  );
}
