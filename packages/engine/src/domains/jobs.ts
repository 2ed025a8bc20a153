// What is asked of jobs, by the domains they are of.
// SPDX-License-Identifier: Apache-2.0
import type { DomainRef, Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';

interface Known {
  readonly record: { readonly name: string; readonly uuid: string };
}

/** The engine's operations on jobs. */
export function jobOperations({
  jobs,
  registry,
}: {
  readonly jobs: Jobs;
  /** A domain that is just coming has one, too. */
  readonly registry: {
    find(ref: DomainRef): Known;
    lookFor(ref: DomainRef): Known | undefined;
  };
}): Engine['jobs'] {
  /** One that was moved is asked about where it was, too. */
  const subjectOf = (ref: DomainRef): { readonly name: string; readonly uuid: string } =>
    registry.lookFor(ref)?.record ?? jobs.subjectOf(ref) ?? registry.find(ref).record;
  return {
    list: () => jobs.list(),
    show: (id) => jobs.show(id),
    cancel: (id) => jobs.cancel(id),
    watch: (listener) => jobs.watch(listener),
    get: (ref) => jobs.of(subjectOf(ref).uuid),
    last(ref) {
      const { name, uuid } = subjectOf(ref);
      const job = jobs.lastOf(uuid);
      // It may have had another name.
      return job && { ...job, domain: name };
    },
    abort(ref) {
      const { name, uuid } = subjectOf(ref);
      const job = jobs.abort(uuid);
      if (job === undefined) throw new EngineError('wrong-state', `domain '${name}' has no job under way`);
      return job;
    },
  };
}
