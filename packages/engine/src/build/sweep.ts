// The looks at what runs, and who is told of them.
// SPDX-License-Identifier: Apache-2.0
import type { Looks } from '../drivers/floor.js';
import { hostTime } from '../guarantees/delivery.js';
import { Sweep } from '../history/sweep.js';
import type { Entry } from '../registry/registry.js';
import type { HostParts } from './host.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';

/** Builds them over what runs domains; they begin when it is opened. */
export function makeSweep({
  registry,
  documents,
  keeper,
  guarantees,
  quotas,
  events,
  looks,
  log,
}: StateParts & RuleParts & Pick<HostParts, 'log'> & { readonly looks: Looks<Entry> }): Sweep {
  const sweep = new Sweep({
    looks,
    entries: () => registry.entries(),
    keeper,
    hostTime,
    sampled: (run, look) => guarantees.sample(run, look),
    claims: () => guarantees.claims(),
    promised: (entry) => guarantees.knownClaim(entry)?.allocationBytes,
    disk: async (entry) => await quotas.root(entry, await documents.live(entry)),
    log,
  });
  events.listen((event, entry) => {
    if (event.event === 'started') sweep.began(entry);
    if (event.event !== 'beancounter') return;
    const { resource, rise, failcnt } = event.beancounter;
    keeper.hit(entry.record.uuid, { atMs: Date.parse(event.at), resource, rise, failcnt });
  });
  return sweep;
}
