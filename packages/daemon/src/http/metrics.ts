// Metrics over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import { scrape } from '../metrics/metrics.js';
import type { Requests } from '../metrics/requests.js';
import type { Handlers } from './handler.js';

/** The page that Prometheus reads. */
export const bindMetrics = (engine: Engine, requests: Requests): Handlers<Resources['metrics']> => ({
  show: ({ query: { families } }) => scrape(engine, requests, families),
});
