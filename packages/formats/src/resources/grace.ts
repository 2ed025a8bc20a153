// How long soft limits on disk use may be passed.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { parameterValue } from '../beancounters.js';
import { parseUlong } from '../openvz/values.js';

/** OpenVZ's own, three days, where QUOTATIME is not said. */
const USUAL_SECONDS = 259_200n;
const MOST_SECONDS = 2n ** 31n;

/** QUOTATIME in seconds, OpenVZ's three days where it is not said; never more than 2³¹. */
export function graceSecondsOf(domain: Domain): number {
  const said = parseUlong(parameterValue(domain, 'QUOTATIME') ?? '') ?? USUAL_SECONDS;
  return Number(said < MOST_SECONDS ? said : MOST_SECONDS);
}
