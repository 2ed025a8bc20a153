// What reading one key came to: the domain with it, exactly or nearly, or the reason why not.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { Place, Report } from './report.js';
import { contradictionIn } from './sound.js';

/** The domain with the value in it (`loss`: not all of its meaning), or why it is left out. */
export type Outcome =
  | { readonly domain: Domain; readonly how: string; readonly loss?: true; readonly why?: undefined }
  | { readonly domain?: Domain; readonly why: string };

/** All of its meaning is in the domain; `how` says where. */
export const carried = (domain: Domain, how: string): Outcome => ({ domain, how });
/** Most of its meaning is in the domain; `how` says where, and what differs. */
export const approximated = (domain: Domain, how: string): Outcome => ({ domain, how, loss: true });
/** Nothing of it is in the domain; `why` is for people. */
export const ignored = (why: string): Outcome => ({ why });
/** Ignored, yet noted in the domain so that writing the same format gives it back. */
export const noted = (domain: Domain, why: string): Outcome => ({ domain, why });

/** Reports an outcome; returns the domain to go on with. */
export function settle(domain: Domain, outcome: Outcome, places: readonly Place[], report: Report): Domain {
  const contradiction =
    report.careful && outcome.domain !== undefined && outcome.domain !== domain
      ? contradictionIn(outcome.domain)
      : undefined;
  if (contradiction !== undefined) {
    for (const place of places) report.ignored(place, contradiction);
    return domain;
  }
  for (const place of places) {
    if (outcome.why !== undefined) report.ignored(place, outcome.why);
    else if (outcome.loss) report.approximated(place, outcome.how);
    else report.carried(place, outcome.how);
  }
  return outcome.domain ?? domain;
}
