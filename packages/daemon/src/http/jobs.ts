// Jobs over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** Long operations. */
export const bindJobs = ({ jobs }: Engine): Handlers<Resources['jobs']> => ({
  list: ({ query: { running } }) => {
    const all = jobs.list();
    return running === undefined ? all : all.filter(({ state }) => (state === 'running') === running);
  },
  watch(_call, send) {
    for (const job of jobs.list()) if (job.state === 'running') send(job);
    return jobs.watch(send);
  },
  show: ({ params: { job } }) => jobs.show(job),
  cancel: ({ params: { job } }) => jobs.cancel(job),
  get({ params: { domain } }) {
    const job = jobs.get(domain) ?? jobs.last(domain);
    if (job !== undefined) return job;
    throw new EngineError('not-found', `domain '${domain}' has had no job`);
  },
  abort: ({ params: { domain } }) => jobs.abort(domain),
});
