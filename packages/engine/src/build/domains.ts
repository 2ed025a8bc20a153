// What goes on with domains, above whatever runs them, and what the host holds of them.
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api';
import { Adopter } from '../adoption/adopt.js';
import { Assets } from '../assets.js';
import type { Reach } from '../contract.js';
import { takeBack } from '../domains/change.js';
import { Definer } from '../domains/definer.js';
import { noteEvents, noteJob } from '../domains/life.js';
import { Lifecycle } from '../domains/lifecycle.js';
import { Reverter, refuseReverting } from '../domains/reverter.js';
import { Roots } from '../domains/roots.js';
import type { Turns } from '../domains/turns.js';
import type { Driver } from '../drivers/driver.js';
import type { Looks } from '../drivers/floor.js';
import { EngineError } from '../errors.js';
import type { Sweep } from '../history/sweep.js';
import { Jobs } from '../jobs/jobs.js';
import { claimOf } from '../lifecycle/claim.js';
import { Arrivals } from '../moves/arrivals.js';
import { Departures } from '../moves/departures.js';
import type { Entry } from '../registry/registry.js';
import type { FloorParts } from './drivers.js';
import type { FilterBuild } from './filters.js';
import type { HostParts } from './host.js';
import type { NetworkBuild } from './networks.js';
import type { RuleParts } from './rules.js';
import type { StateParts } from './state.js';
import { makeSweep } from './sweep.js';

/** Objects above the driver. */
export interface DomainParts {
  readonly roots: Roots;
  readonly definer: Definer;
  readonly lifecycle: Lifecycle;
  readonly reverter: Reverter;
  readonly adopter: Adopter;
  readonly assets: Assets;
  readonly jobs: Jobs;
  readonly arrivals: Arrivals;
  readonly departures: Departures;
  readonly sweep: Sweep;
}

/** All that the engine is made of. */
export type Parts = HostParts &
  StateParts &
  RuleParts &
  FloorParts &
  NetworkBuild &
  FilterBuild &
  DomainParts;

/** Builds them over a driver. */
export function makeDomains(
  below: Pick<HostParts, 'layout' | 'log' | 'facts' | 'namespaces' | 'livePath'> &
    StateParts &
    RuleParts &
    NetworkBuild &
    FilterBuild & {
      readonly driver: Driver;
      readonly looks: Looks<Entry>;
      /** Missing where nobody says how. */
      readonly reach?: Reach | undefined;
    },
): DomainParts {
  const { turns, events, facts, templates, quotas, store, livePath, lives } = below;
  noteEvents(events, lives);
  const roots = new Roots(below);
  const definer = new Definer({
    ...below,
    roots,
    ownersRemark: (entry, specs) => quotas.ownersRemark(entry, specs),
    overfull: (entry, specs) => quotas.overfull(entry, specs),
    emit: (event, detail, entry) => events.lifecycle(event, detail, entry),
  });
  const parts = { ...below, definer };
  const lifecycle = new Lifecycle({
    ...parts,
    refuseStart: ({ record: { name } }) => refuseReverting(name, store.rootFolder(name)),
    heldMark: (subject) => `${livePath(subject)}.held`,
    claim: (domain) => claimOf(domain, facts),
    emit: (event, detail, entry) => events.lifecycle(event, detail, entry),
    ofRun: (subject) => below.documents.ofRun(subject),
    takeBack: (entry) => takeBack(entry, parts),
    forget: (entry) => definer.forget(entry, { erase: entry.record.eraseAtEnd }),
  });
  const reverter = new Reverter({ ...parts, lifecycle });
  events.listen(({ event }, entry) => {
    if (event === 'started') reverter.forgetBefore(entry);
  });
  const jobs = openJobs(below, turns);
  const { reach = nowhere } = below;
  return {
    roots,
    definer,
    lifecycle,
    reverter,
    arrivals: new Arrivals({ ...parts, roots, lifecycle, jobs }),
    departures: new Departures({ ...parts, roots, turns, jobs, lifecycle, reach }),
    adopter: new Adopter(parts),
    jobs,
    sweep: makeSweep(below),
    assets: new Assets({ ...parts, isChangingTemplates: () => templates.isWorking() }),
  };
}

/** The last job of a domain is forgotten with it. */
function openJobs(
  { registry, events, jobHistory, lives }: Pick<StateParts, 'registry' | 'events' | 'jobHistory' | 'lives'>,
  turns: Turns,
): Jobs {
  // One that was moved is gone when its job ends.
  const leaving = new Map<string, Entry>();
  const tell = (job: Job): void => {
    if (job.uuid === null) return;
    const entry = registry.byUuid(job.uuid) ?? leaving.get(job.uuid);
    leaving.delete(job.uuid);
    if (entry !== undefined) events.job(entry, job);
  };
  for (const job of jobHistory.interrupted) {
    const entry = job.uuid === null ? undefined : registry.byUuid(job.uuid);
    // One that nothing was written down after is interrupted for each daemon that comes.
    const isNoted = () => lives.of(job.uuid ?? '').some((one) => one.job === job.id);
    if (entry !== undefined && !isNoted()) noteJob(lives, entry, job);
  }
  const jobs = new Jobs(tell, (uuid) => turns.ofJobs.has(uuid), jobHistory);
  events.listen(({ event, detail }, entry) => {
    if (event !== 'undefined' || detail !== 'removed') return;
    const { uuid } = entry.record;
    jobs.forget(uuid);
    if (jobs.of(uuid) !== undefined) leaving.set(uuid, entry);
  });
  return jobs;
}
const nowhere: Reach = (uri) =>
  Promise.reject(new EngineError('unsupported', `no other host is reached from here: ${uri}`));
