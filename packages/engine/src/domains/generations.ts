// Which backup of whom is meant: by the name or UUID that a domain has or had, and by time.
// SPDX-License-Identifier: Apache-2.0
import type { RestoreRequest } from '@ctvirt/api';
import type { Generation } from '../backup/tool.js';
import { EngineError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import { byTime } from '../schedule/retention.js';

/** Those of a domain: of one that is there its own, else of all that were called so. */
export function generationsOf(
  all: readonly Generation[],
  ref: string,
  { registry }: { readonly registry: Pick<Registry, 'lookFor'> },
): Generation[] {
  const uuid = registry.lookFor(ref)?.record.uuid ?? ref;
  const own = all.filter((one) => one.uuid === uuid);
  return own.length > 0 ? own : all.filter((one) => one.domain === ref);
}

/** The last one until then, or that of an id; throws `not-found`. */
export function chooseGeneration(
  all: readonly Generation[],
  { domain, at }: Pick<RestoreRequest, 'domain' | 'at'>,
  parts: { readonly registry: Pick<Registry, 'lookFor'> },
): Generation {
  const own = generationsOf(all, domain, parts).sort(byTime);
  const named = at === undefined ? undefined : own.find(({ id }) => id === at);
  if (named !== undefined) return named;
  const until = at === undefined ? Number.POSITIVE_INFINITY : timeOf(at);
  const found = own.findLast(({ takenAt }) => Date.parse(takenAt) <= until);
  if (found !== undefined) return found;
  if (own[0] === undefined) throw noBackupOf(domain);
  const why = `the first backup of '${domain}' was taken at ${own[0].takenAt}: there is none of ${at}`;
  throw new EngineError('not-found', why, { ref: domain });
}

export const noBackupOf = (domain: string): EngineError =>
  new EngineError('not-found', `there is no backup of '${domain}' in this repository`, { ref: domain });

/** A day is meant whole. Times without a zone are of UTC, as all that are told. */
function timeOf(at: string): number {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(at);
  const hasZone = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(at);
  const time = Date.parse(isDay ? `${at}T23:59:59.999Z` : hasZone ? at : `${at}Z`);
  if (!Number.isNaN(time)) return time;
  throw new EngineError(
    'invalid',
    `'${at}' is no time such as 2026-11-30T12:00, no day, and no id of a backup`,
  );
}
