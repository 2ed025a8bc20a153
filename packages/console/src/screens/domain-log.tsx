// What happened to a domain, as far back as the daemon knows, and what it wrote to its console.
// SPDX-License-Identifier: Apache-2.0
import { EventLines } from '../parts/events.js';
import { Answer, Card } from '../parts/frame.js';
import { plain } from '../parts/plain.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { events, joined, pastEvents } from '../state/events.js';
import { may } from '../state/session.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.domain;

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const past = useAsked(() => pastEvents(uuid), [uuid]);
  const own = events.value.filter(({ domain }) => domain.uuid === uuid);
  return (
    <>
      <Card title={words.log} sub={texts.usage.time}>
        <Answer of={past}>
          {(known) => <EventLines events={joined(own, known)} none={words.logNone} isOfOne />}
        </Answer>
      </Card>
      <Card title={words.consoleLog}>
        {may('operator') ? <Console uuid={uuid} /> : <p class="soft">{words.consoleNot}</p>}
      </Card>
    </>
  );
}

function Console({ uuid }: { readonly uuid: string }) {
  const log = useAsked((signal) => daemon.domains.consoleLog({ domain: uuid }, { signal }), [uuid], {
    onEvent: ({ domain }) => domain.uuid === uuid,
    onBeat: true,
  });
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
