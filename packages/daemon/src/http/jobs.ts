// Jobs over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Long operations of domains. */
export const bindJobs = ({ jobs }: Engine): Handlers<Resources['jobs']> => ({
  list: () => jobs.list(),
  get({ params: { domain } }) {
    const job = jobs.get(domain) ?? jobs.last(domain);
    if (job !== undefined) return job;
    throw new EngineError('not-found', `domain '${domain}' has had no job since the daemon started`);
  },
  abort: ({ params: { domain } }) => jobs.abort(domain),
});
