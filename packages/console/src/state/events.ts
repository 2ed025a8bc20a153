// What happened, the latest first: what the daemon still knows of, and what comes.
// SPDX-License-Identifier: Apache-2.0
import type { DomainEvent } from '@ctvirt/api/browser';
import { signal } from '@preact/signals';
import { daemon } from './daemon.js';
import { hear } from './stream.js';

const most = 500;
/** So many of before are asked for. */
const mostPast = 100;

/** The latest first. */
export const events = signal<readonly DomainEvent[]>([]);

/** What happened before, the latest first. */
async function pastEvents(): Promise<readonly DomainEvent[]> {
  const past: DomainEvent[] = [];
  for await (const event of await daemon.events.watch({ last: mostPast, follow: false }))
    if (event.event !== 'gap') past.unshift(event);
  return past;
}

/** Both, each event once. */
function joined(some: readonly DomainEvent[], others: readonly DomainEvent[]): readonly DomainEvent[] {
  const bySeq = new Map([...others, ...some].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, most);
}

/** Keeps what happens, from now on, behind what did before. */
export function followEvents(): () => void {
  const ask = () =>
    pastEvents().then(
      (past) => {
        events.value = joined(events.value, past);
      },
      () => undefined, // it is a list of what was, and what comes is added all the same
    );
  void ask();
  return hear((news) => {
    if (news.kind === 'event') events.value = joined([news.event], events.value);
    // The numbers of another daemon begin anew.
    else if (news.kind === 'gap') {
      events.value = [];
      void ask();
    }
  });
}
