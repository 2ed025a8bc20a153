// The operations of an engine over whatever driver, and what it tells of its host.
// SPDX-License-Identifier: Apache-2.0
import type { HostFacts } from '@ctvirt/api';
import type { Engine } from '../contract.js';
import { type AmendParts, amendOperations } from '../domains/amend.js';
import type { BackupParts } from '../domains/backup-parts.js';
import { backupOperations } from '../domains/backups.js';
import { copyOperations } from '../domains/copies.js';
import type { CopyParts } from '../domains/copy-making.js';
import { credentialOperations } from '../domains/credentials.js';
import { type DefineParts, defineOperations } from '../domains/define.js';
import { forwardOperations } from '../domains/forwards.js';
import { type FreezeParts, Freezes } from '../domains/freezes.js';
import { type HistoryParts, historyOperations } from '../domains/history.js';
import { type InsideParts, insideOperations } from '../domains/inside.js';
import { jobOperations } from '../domains/jobs.js';
import { type KeptParts, rootOperations } from '../domains/kept.js';
import { layerOperations } from '../domains/layer-files.js';
import { type LifeParts, lifeOperation } from '../domains/life.js';
import { type LookParts, lookOperations } from '../domains/look.js';
import { type MountParts, mountOperations } from '../domains/mounting.js';
import { repositoryJobs, templateJobs } from '../domains/other-jobs.js';
import { type OverviewParts, Overviews } from '../domains/overview.js';
import { type RenameParts, renameOperation } from '../domains/rename.js';
import { type RunParts, runOperations } from '../domains/run.js';
import { type SnapshotParts, snapshotOperations } from '../domains/snapshots.js';
import { hostName } from '../host/facts.js';
import { uncountedBy } from '../host/uncounted.js';
import { moveOperations } from '../moves/operations.js';
import type { DomainParts } from './domains.js';
import type { FilterBuild } from './filters.js';
import type { HostParts } from './host.js';
import type { NetworkBuild } from './networks.js';
import type { StateParts } from './state.js';

/** Dependencies of `operationsOf`. */
export type OperationParts = LookParts &
  HistoryParts &
  LifeParts &
  OverviewParts &
  AmendParts &
  DefineParts &
  KeptParts &
  Omit<RenameParts, 'emit'> &
  Omit<RunParts, 'freezes'> &
  FreezeParts &
  InsideParts &
  MountParts &
  SnapshotParts &
  CopyParts &
  BackupParts &
  Pick<StateParts, 'templates' | 'profiles' | 'events' | 'pools'> &
  Pick<DomainParts, 'assets' | 'jobs' | 'arrivals' | 'departures'> &
  Pick<NetworkBuild, 'networks'> &
  Pick<FilterBuild, 'filterOperations'>;

/** All that an engine answers, but for facts and links of the host, and its end. */
export function operationsOf(parts: OperationParts): Omit<Engine, 'host' | 'links' | 'close'> {
  const { templates, profiles, networks, assets, events, pools } = parts;
  const freezes = new Freezes(parts);
  const overviews = new Overviews(parts);
  return {
    ...lookOperations(parts),
    ...amendOperations(parts),
    ...forwardOperations(parts),
    ...defineOperations(parts),
    ...renameOperation({
      ...parts,
      emit: (event, detail, entry) => events.lifecycle(event, detail, entry),
    }),
    ...runOperations({ ...parts, freezes }),
    freeze: (ref, targets) => freezes.freeze(ref, targets),
    thaw: (ref) => freezes.thaw(ref),
    trim: (ref, options) => freezes.trim(ref, options),
    ...insideOperations(parts),
    ...mountOperations(parts),
    history: historyOperations(parts),
    ...lifeOperation(parts),
    overview: () => overviews.now(),
    promises: () => overviews.promises(),
    jobs: jobOperations(parts),
    ...copyOperations(parts),
    roots: rootOperations(parts),
    snapshots: snapshotOperations(parts),
    layers: layerOperations(parts),
    pools,
    moves: moveOperations(parts),
    backups: repositoryJobs(backupOperations(parts), parts.jobs),
    ...credentialOperations(parts),
    templates: templateJobs(templates, parts.jobs),
    profiles,
    networks,
    filters: parts.filterOperations,
    check: () => assets.check(),
    clean: () => assets.clean(),
    onEvent: (listener) => events.listen((event) => listener(event)),
    pastEvents: (since) => events.past(since),
  };
}

/** The host as it was found when the engine was opened, under what its driver says of itself. */
export const hostFacts = (
  {
    cgroups,
    facts,
    layout,
    registry,
  }: Pick<HostParts & StateParts, 'cgroups' | 'facts' | 'layout' | 'registry'>,
  driver: Pick<HostFacts, 'driver' | 'driverVersion' | 'appArmor'>,
): HostFacts => ({
  name: hostName(),
  ...driver,
  cgroups: cgroups.version === 2 ? 'v2' : 'v1',
  cpus: facts.hostCpus,
  kernel: facts.kernel,
  arch: facts.arch,
  memoryBytes: facts.memoryBytes,
  pageSize: facts.pageSize,
  seccomp: facts.hasSeccomp,
  filesystem: facts.storage.filesystem,
  quotas: [...facts.storage.quotas],
  uncounted: uncountedBy(cgroups.version),
  state: layout.lib,
  domains: registry.size,
});
