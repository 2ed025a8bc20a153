// What happened to a domain: since the page was opened, and what it wrote to its console.
// SPDX-License-Identifier: Apache-2.0
import { EventLines } from '../parts/events.js';
import { Answer, Card } from '../parts/frame.js';
import { plain } from '../parts/plain.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { events } from '../state/events.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.domain;

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const own = events.value.filter(({ domain }) => domain.uuid === uuid);
  const log = useAsked((signal) => daemon.domains.consoleLog({ domain: uuid }, { signal }), [uuid], {
    onEvent: ({ domain }) => domain.uuid === uuid,
    onBeat: true,
  });
  return (
    <>
      <Card title={words.log}>
        <EventLines events={own} none={words.logNone} isOfOne />
      </Card>
      <Card title={words.consoleLog}>
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
      </Card>
    </>
  );
}
