// Jobs of domains: how far one is, how the last one ended, and its end before its time.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { type Bind, domainOf } from '../session.js';
import { amountsOf, jobParams, leftOf, typeOf } from '../words/job.js';
import { checkFlags } from '../words/refusal.js';

const statsFlags = { completed: 1, keepCompleted: 2 } as const;

const nothing = { total: 0n, processed: 0n, remaining: 0n };

/** Of a domain that has none under way the type is `none`. */
export const bindDomainJobs: Bind = ({ engine }) => {
  const abort = ({ uuid }: DomainSummary): void => void engine.jobs.abort(uuid);
  return {
    domainGetJobInfo({ dom }, { session }) {
      const job = engine.jobs.get(domainOf(engine, session, dom).uuid);
      const { total, processed, remaining } = job === undefined ? nothing : amountsOf(job);
      return {
        type: typeOf(job),
        timeElapsed: BigInt(job?.elapsedMs ?? 0),
        timeRemaining: BigInt((job && leftOf(job)) ?? 0),
        dataTotal: total,
        dataProcessed: processed,
        dataRemaining: remaining,
        memTotal: 0n,
        memProcessed: 0n,
        memRemaining: 0n,
        fileTotal: total,
        fileProcessed: processed,
        fileRemaining: remaining,
      };
    },
    domainGetJobStats({ dom, flags }, { session, name }) {
      checkFlags(flags, statsFlags.completed | statsFlags.keepCompleted, name);
      const { uuid } = domainOf(engine, session, dom);
      const job = (flags & statsFlags.completed) === 0 ? engine.jobs.get(uuid) : engine.jobs.last(uuid);
      return { type: typeOf(job), params: job === undefined ? [] : jobParams(job) };
    },
    domainAbortJob: ({ dom }, { session }) => abort(domainOf(engine, session, dom)),
    domainAbortJobFlags({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      abort(domainOf(engine, session, dom));
    },
  };
};
