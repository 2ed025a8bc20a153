// What is asked of jobs, by the domains they are of.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Turns } from './turns.js';

/** The engine's operations on jobs. */
export function jobOperations({
  jobs,
  turns,
}: {
  readonly jobs: Jobs;
  readonly turns: Turns;
}): Engine['jobs'] {
  return {
    list: () => jobs.list(),
    get: (ref) => jobs.of(turns.find(ref).record.uuid),
    last: (ref) => jobs.lastOf(turns.find(ref).record.uuid),
    abort(ref) {
      const { name, uuid } = turns.find(ref).record;
      const job = jobs.abort(uuid);
      if (job === undefined) throw new EngineError('wrong-state', `domain '${name}' has no job under way`);
      return job;
    },
  };
}
