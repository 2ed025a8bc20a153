// Jobs as people read them.
// SPDX-License-Identifier: Apache-2.0
import { ApiError, type Job } from '@ctvirt/api';
import type { Argument } from '../verb.js';

/** What a job is of. */
export function subjectOf({ domain, template, repository }: Job): string {
  if (domain !== null) return domain;
  return template === null ? `repository ${repository ?? '-'}` : `template ${template}`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** How long it did something. */
export const tookOf = ({ elapsedMs, waitedMs }: Job): string => seconds(Math.max(0, elapsedMs - waitedMs));

/** How long it waited for its turn; undefined where it had to wait for nobody. */
export const waitOf = ({ waitedMs }: Job): string | undefined =>
  waitedMs < 50 ? undefined : seconds(waitedMs);

/** What a job is asked for by. */
export const jobSubject = {
  summary: "Name, UUID or id of a domain, or a job's own id",
  complete: 'domain',
} as const satisfies Argument;

/** A domain's job, or the one with this id; where there is neither, it is the domain that is missing. */
export async function oneJob(
  word: string,
  ofDomain: () => Promise<Job>,
  byId: () => Promise<Job>,
): Promise<Job> {
  try {
    return await ofDomain();
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'not-found') || !/^[0-9a-f]{12}$/.test(word))
      throw error;
    return await byId();
  }
}
