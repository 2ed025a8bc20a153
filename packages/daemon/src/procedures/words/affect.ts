// What a change affects: the running domain, its stored configuration, or both; the flags of many procedures say it.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { type Engine, EngineError, notRunning } from '@ctvirt/engine';
import type { Domain } from '@ctvirt/xml';
import { checkFlags } from './refusal.js';

/** virDomainModificationImpact; none of them means the running domain if it runs, else its configuration. */
export const affectFlags = { live: 1, config: 2 } as const;
/** A client of typed parameters that takes strings says so on top of other flags. */
export const stringFlag = 4;

/** Where a change goes; at least one of them holds. */
export interface Affected {
  readonly live: boolean;
  readonly stored: boolean;
}

/** Reads the flags; refuses what the domain has not got. `more` are flags the procedure knows besides. */
export function affectedBy(flags: number, domain: DomainSummary, procedure: string, more = 0): Affected {
  checkFlags(flags, affectFlags.live | affectFlags.config | more, procedure);
  const isLive = (flags & affectFlags.live) !== 0;
  const isConfig = (flags & affectFlags.config) !== 0;
  const isRunning = domain.id !== null;
  const isEither = !isLive && !isConfig;
  if (isLive && !isRunning) throw notRunning(domain.name);
  if (isConfig && !domain.persistent)
    throw new EngineError('wrong-state', 'transient domains do not have any persistent config');
  return { live: isLive || (isEither && isRunning), stored: isConfig || (isEither && !isRunning) };
}

/** The document a question means by its flags: that of the running domain, or what its next start reads. */
export async function askedDocument(
  engine: Engine,
  domain: DomainSummary,
  asked: { readonly flags: number; readonly name: string },
  more = 0,
): Promise<{ readonly document: Domain; readonly live: boolean }> {
  const { live } = affectedBy(asked.flags, domain, asked.name, more);
  return { document: await engine.document(domain.uuid, { inactive: !live }), live };
}
