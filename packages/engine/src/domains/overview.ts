// All that is known of the host and its domains at one moment, as the last looks found it: nothing is read of a run for this, and nobody is waited for.
// SPDX-License-Identifier: Apache-2.0
import type { DiskUse, LedgerRow, Verdicts } from '@ctvirt/api';
import { currentVcpus, type Domain, maxMemoryKiB, maxVcpus } from '@ctvirt/xml';
import type { Held, Look } from '../drivers/driver.js';
import type { Looks } from '../drivers/floor.js';
import type { Claimed, Guarantees } from '../guarantees/guarantees.js';
import type { Sweep } from '../history/sweep.js';
import type { Jobs } from '../jobs/jobs.js';
import { filesystemsOf } from '../lifecycle/document.js';
import type { Documents } from '../registry/documents.js';
import type { DomainEvents } from '../registry/events.js';
import { type Entry, type Registry, summaryOf } from '../registry/registry.js';
import { NextTimes } from '../schedule/times.js';
import { eachByTurns } from '../slices.js';
import type { ScheduleTimes } from '../state/schedule-times.js';
import type { SnapshotStore } from '../state/snapshot-store.js';
import type { DomainStore } from '../state/store.js';
import type { FilesystemSpec } from '../storage/index.js';
import { hostKernelMachine } from '../templates/image/machines.js';
import type {
  DomainOverview,
  FilesystemOverview,
  HostOverview,
  HostPromises,
  LinkOverview,
} from '../view.js';
import { type StatusParts, statusOf } from './backup-status.js';
import { knownOf } from './history.js';

/** Dependencies of `Overviews`. */
export interface OverviewParts extends Omit<StatusParts, 'next'> {
  /** The host's if absent. */
  readonly zone?: string;
  readonly facts: { readonly hostCpus: number; readonly memoryBytes: number };
  readonly registry: Pick<Registry, 'here'>;
  readonly documents: Pick<Documents, 'known'>;
  readonly guarantees: Pick<Guarantees, 'admission' | 'claims' | 'delivered' | 'ledger' | 'policy'>;
  readonly sweep: Pick<Sweep, 'disk' | 'last' | 'seen'>;
  readonly looks: Pick<Looks<Entry>, 'group' | 'known'>;
  readonly jobs: Pick<Jobs, 'list'>;
  readonly events: Pick<DomainEvents, 'listen'>;
  readonly store: Pick<DomainStore, 'rootFolder'>;
  readonly snapshots: Pick<SnapshotStore, 'list'>;
  readonly scheduleTimes: Pick<ScheduleTimes, 'get'>;
}

/** How far back promises are compared with what was given. */
const MINUTES = 5;

/** Asked by whoever wants to know everything at once, such as Prometheus. */
export class Overviews {
  readonly #next: NextTimes;
  readonly #backups: StatusParts;
  readonly #ended: EndedJobs;

  constructor(private readonly parts: OverviewParts) {
    const { backupTimes, backupSchedule } = parts;
    this.#next = new NextTimes(parts.zone);
    this.#backups = { backupTimes, backupSchedule, next: this.#next };
    this.#ended = new EndedJobs(parts.events);
  }

  async now(): Promise<HostOverview> {
    const { registry, guarantees, sweep, jobs } = this.parts;
    // Reads documents of ours, of those that nobody has asked for since their start.
    const running = await guarantees.claims();
    const delivered = guarantees.delivered(running, MINUTES);
    const claimed = new Map(running.map((one) => [one.entry, one]));
    const domains: DomainOverview[] = [];
    const endedJobs: HostOverview['endedJobs'][number][] = [];
    await eachByTurns(registry.here(), (entry) => {
      if (entry.presence !== 'here') return; // gone since others had their turn
      const one = claimed.get(entry);
      const domain = this.#domain(entry, one && delivered(one));
      domains.push(domain);
      endedJobs.push(...this.#ended.of(domain));
    });
    return {
      arch: hostKernelMachine(),
      sweep: sweep.last ?? null,
      domains,
      ledger: this.#ledger(running),
      admissions: { ...guarantees.admission.verdicts },
      jobs: jobs.list().filter(({ state }) => state === 'running'),
      endedJobs,
    };
  }

  /** Of that the promises alone. */
  async promises(): Promise<HostPromises> {
    const { guarantees } = this.parts;
    const running = await guarantees.claims();
    const delivered = guarantees.delivered(running, MINUTES);
    const verdicts = new Map<string, Verdicts>();
    await eachByTurns(running, (one) => {
      const { cpu, memory } = delivered(one);
      verdicts.set(one.entry.record.uuid, { cpu: cpu.verdict, memory: memory.verdict });
    });
    return { policy: guarantees.policy, ledger: this.#ledger(running), verdicts };
  }

  #ledger(running: readonly Claimed[]): LedgerRow[] {
    const { guarantees, sweep } = this.parts;
    return guarantees.ledger(
      running.map(({ claim }) => claim),
      running.map(({ entry }) => heldBy(sweep.seen(entry)?.look)),
    );
  }

  #domain(
    entry: Entry,
    delivery: ReturnType<ReturnType<Guarantees['delivered']>> | undefined,
  ): DomainOverview {
    const { documents, looks, snapshots, store, scheduleTimes } = this.parts;
    const { record, running } = entry;
    const document = documents.known(entry);
    const there = snapshots.list(store.rootFolder(record.name));
    const when = record.schedule?.snapshots?.when;
    const last = scheduleTimes.get(record.uuid);
    const since = last !== undefined && last.when === when ? last.at : new Date();
    // Spread into one literal it is an object that V8 takes twice as long to make, and to read.
    return Object.assign(summaryOf(entry), {
      group: running === undefined ? null : looks.group(entry),
      startedAt: running?.startedAt ?? null,
      run: running === undefined ? null : this.#run(entry, document, delivery ?? null),
      snapshots: {
        count: there.length,
        lastAt:
          there.length === 0
            ? null
            : new Date(Math.max(...there.map(({ createdAt }) => Date.parse(createdAt)))),
        nextAt: (when !== undefined && record.persistent && this.#next.after(when, since)) || null,
      },
      backup: statusOf(entry, this.#backups),
    });
  }

  #run(
    entry: Entry,
    document: Domain | undefined,
    delivery: NonNullable<DomainOverview['run']>['delivery'],
  ): NonNullable<DomainOverview['run']> {
    const { facts, sweep, looks } = this.parts;
    const look = sweep.seen(entry)?.look;
    return {
      maximumMemoryKiB: (document && maxMemoryKiB(document)) ?? Math.round(facts.memoryBytes / 1024),
      maximumVcpus: (document && maxVcpus(document)) ?? facts.hostCpus,
      currentVcpus: (document && currentVcpus(document)) ?? facts.hostCpus,
      delivery,
      links: look === undefined ? [] : linksOf(look, document),
      filesystems: document === undefined ? [] : rootOf(document, sweep.disk(entry)),
      beancounters: looks.known(entry)?.rows ?? [],
      seen: knownOf(entry, this.parts) ?? null,
    };
  }
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

const heldBy = (look: Look | undefined): Held => ({
  memoryBytes: known(look?.memoryBytes ?? 0) ?? 0,
  swapBytes: (look?.memory.swapKiB ?? 0) * 1024,
  processes: look?.use.processes ?? 0,
});

/** Links stand in the order of the document. */
const linksOf = ({ links }: Look, document: Domain | undefined): LinkOverview[] =>
  links.map((link, at) => {
    const source = document?.devices.interfaces?.[at]?.source;
    const bridge = source !== undefined && 'bridge' in source ? source.bridge : undefined;
    return { ...link, bridge: bridge ?? null };
  });

/** Of the root alone it is known what it holds. */
function rootOf(document: Domain, disk: DiskUse | undefined): FilesystemOverview[] {
  const spec = filesystemsOf(document).find(({ target }) => target === '/');
  if (spec === undefined || disk === undefined) return [];
  return [
    {
      target: spec.target,
      space: { used: disk.usedBytes, soft: softOf(spec, 'bytes'), hard: disk.limitBytes },
      inodes: { used: disk.usedInodes, soft: softOf(spec, 'inodes'), hard: disk.limitInodes },
    },
  ];
}

const softOf = ({ soft }: FilesystemSpec, what: 'bytes' | 'inodes'): number | null => soft?.[what] ?? null;

/** Counts how jobs of domains ended, as long as these are there; what each is called by now is told with it. */
class EndedJobs {
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(events: OverviewParts['events']) {
    events.listen((event, { record: { uuid } }) => {
      if (event.event === 'undefined' && event.detail === 'removed') this.#counts.delete(uuid);
      if (event.event !== 'job' || event.job.state === 'running') return;
      const by = this.#counts.get(uuid) ?? new Map<string, number>();
      this.#counts.set(uuid, by);
      const what = `${event.job.kind} ${event.job.state}`;
      by.set(what, (by.get(what) ?? 0) + 1);
    });
  }

  of({ name: domain, uuid }: Pick<DomainOverview, 'name' | 'uuid'>): HostOverview['endedJobs'] {
    return [...(this.#counts.get(uuid) ?? [])].map(([what, count]) => {
      const [kind = '', state = ''] = what.split(' ');
      return { of: { domain, uuid, kind, state }, count };
    });
  }
}
