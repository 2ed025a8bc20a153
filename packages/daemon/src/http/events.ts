// State changes over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import { type DomainEvent, type EventGap, type Resources, seriesNames, type UsageLine } from '@ctvirt/api';
import { type Engine, EngineError, isFault, type PastEvents } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Where a watch begins, and whether it goes on. */
interface Watch {
  readonly since?: number | undefined;
  readonly last?: number | undefined;
  readonly follow?: boolean | undefined;
}

interface Source<E> {
  readonly onEvent: (listener: (event: E) => void) => () => void;
  readonly pastEvents: (since?: number) => PastEvents<E>;
}

/** A line for each event from the answer's head on; with a name or UUID only those of that domain, defined or not. */
export const bindEvents = (engine: Engine): Handlers<Resources['events']> => ({
  watch: ({ query: { domain, ...watch } }, send, end) =>
    watchSource(engine, watch, wantedOf(engine, domain, watch), send, end),
  async withUsage({ query: { domain, every = LOOK_S, ...watch } }, send, end) {
    const isOf = wantedOf(engine, domain, watch);
    send(await usageOf(engine));
    const leave = watchSource(engine, watch, isOf, send, end);
    if (watch.follow === false) return leave;
    let toldMs = performance.now();
    let isLeft = false;
    const leaveLooks = engine.history.onLook(async () => {
      if (performance.now() - toldMs < (every - LOOK_S / 2) * 1000) return;
      toldMs = performance.now();
      const line = await usageOf(engine);
      if (!isLeft) send(line);
    });
    return () => {
      isLeft = true;
      leaveLooks();
      leave();
    };
  },
  networks({ query: { network, ...watch } }, send, end) {
    if (network === undefined) return watchSource(engine.networks, watch, () => true, send, end);
    const { name, uuid } = engine.networks.get(network);
    return watchSource(
      engine.networks,
      watch,
      (event) => event.network.name === name || event.network.uuid === uuid,
      send,
      end,
    );
  },
});

/** From one look at the domains to the next. */
const LOOK_S = 10;

async function usageOf(engine: Engine): Promise<UsageLine> {
  // Looks have complained of a document that cannot be read, and whoever asks for promises is told.
  const promises = await engine.promises().catch(() => null);
  return {
    event: 'usage',
    at: new Date().toISOString(),
    promises: promises && { policy: promises.policy, rows: [...promises.ledger] },
    series: [...seriesNames],
    domains: engine.history.now().map(({ uuid, now, refusedInDay }) => {
      const values = new Map(Object.entries(now));
      const verdicts = promises?.verdicts.get(uuid) ?? null;
      return { uuid, values: seriesNames.map((name) => values.get(name) ?? null), refusedInDay, verdicts };
    }),
  };
}

const wantedOf = (engine: Engine, domain: string | undefined, watch: Watch) =>
  domain === undefined ? () => true : ofDomain(engine, domain, isOfPast(watch));

const isOfPast = ({ since, last }: Watch): boolean => since !== undefined || last !== undefined;

/** What happened to a domain that is gone is asked for by the name or UUID that it had. */
function ofDomain(engine: Engine, ref: string, isPast: boolean): (event: DomainEvent) => boolean {
  const { name, uuid } = found(engine, ref, isPast);
  return ({ domain }) => domain.name === name || domain.uuid === uuid;
}

function found(engine: Engine, ref: string, isPast: boolean): { name: string; uuid: string } {
  try {
    return engine.summary(ref);
  } catch (error) {
    const gone = engine
      .pastEvents()
      .events.findLast(({ domain: { name, uuid } }) => [name, uuid].includes(ref));
    if (!isPast || gone === undefined || !isFault(error, 'not-found')) throw error;
    return gone.domain;
  }
}

function watchSource<E>(
  source: Source<E>,
  { since, last, follow = true }: Watch,
  isWanted: (event: E) => boolean,
  send: (line: E | EventGap) => void,
  end: () => void,
): () => void {
  if (since !== undefined && last !== undefined)
    throw new EngineError('invalid', 'query: `since` and `last` exclude each other');
  if (isOfPast({ since, last })) {
    const { events, gap } = source.pastEvents(since);
    if (gap !== undefined) send(gap);
    for (const event of events.filter(isWanted).slice(-(last ?? events.length))) send(event);
  }
  if (follow)
    return source.onEvent((event) => {
      if (isWanted(event)) send(event);
    });
  end();
  return () => undefined;
}
