// Metrics over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources, WebSession } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import { scrape } from '../metrics/metrics.js';
import type { Requests } from '../metrics/requests.js';
import type { Handlers } from './handler.js';

/** What the daemon knows besides the engine. */
export interface Counts {
  readonly requests: Requests;
  /** Who is in by browser, or may come in. */
  readonly sessions: () => readonly Pick<WebSession, 'role' | 'state'>[];
}

/** The page that Prometheus reads. */
export const bindMetrics = (
  engine: Engine,
  { requests, sessions }: Counts,
): Handlers<Resources['metrics']> => ({
  show: ({ query: { families } }) =>
    scrape(engine, { requests: requests.tallies(), sessions: sessions() }, families),
});
