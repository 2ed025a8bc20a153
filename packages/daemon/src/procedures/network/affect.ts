// What a change of a network affects: the running one, its stored document, or both.
// SPDX-License-Identifier: Apache-2.0
import { type Affected, affectFlags } from '../words/affect.js';
import { checkFlags } from '../words/refusal.js';
import { type ShownNetwork, wrongState } from './shown.js';

/** Reads the flags; none of them means the running network if it runs, else its configuration. */
export function affectedNetwork(
  flags: number,
  { active, persistent }: ShownNetwork,
  procedure: string,
): Affected {
  checkFlags(flags, affectFlags.live | affectFlags.config, procedure);
  const isLive = (flags & affectFlags.live) !== 0;
  const isConfig = (flags & affectFlags.config) !== 0;
  const isEither = !isLive && !isConfig;
  if (isLive && !active) throw wrongState('network is not running');
  if (isConfig && !persistent) throw wrongState('cannot change persistent config of a transient network');
  return { live: isLive || (isEither && active), stored: isConfig || (isEither && !active) };
}
