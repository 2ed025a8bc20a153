// Our own families, ctvirt_*: what was promised beside what was given, the walls that were hit, and what is kept of domains.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow, LedgerRow } from '@ctvirt/api';
import type { DomainOverview, KnownDomain } from '@ctvirt/engine';
import type { Known, Tally } from '../known.js';
import { bytes, seconds } from '../units.js';
import { counter, type Group, gauge, group } from '../write.js';

const secondsOf = (date: Date | string | null | undefined): number | null =>
  date ? new Date(date).valueOf() / 1000 : null;

/** Of a run. */
const used =
  (of: (use: KnownDomain) => number | null | undefined) =>
  ({ run }: DomainOverview): number | null | undefined =>
    run?.seen ? of(run.seen) : null;

const daemon = group<Known, Known>({
  labels: [],
  each: (known) => [[known, []]],
  families: [
    gauge(
      'ctvirt_sweep_timestamp_seconds',
      'When the numbers of running domains were last gathered.',
      ({ sweep }) => secondsOf(sweep?.endedAt),
    ),
    gauge('ctvirt_sweep_seconds', 'How long that took.', ({ sweep }) => sweep?.seconds),
  ],
});

const build = group<Known, number>({
  labels: ['version'],
  each: ({ version }) => [[1, [version]]],
  families: [gauge('ctvirt_build_info', 'Always 1.', (one) => one)],
});

const info = group<Known, number>({
  labels: ['domain', 'uuid', 'ctid', 'type', 'profile', 'template', 'cgroup'],
  *each({ domains }) {
    for (const { name, uuid, ctid, type, profile, template, group: cgroup } of domains)
      yield [1, [name, uuid, ctid === null ? null : String(ctid), type, profile, template, cgroup]];
  },
  families: [
    gauge(
      'ctvirt_domain_info',
      'What a domain is: always 1. Of a running one cgroup is the path of its control group.',
      (one) => one,
    ),
  ],
});

const states = ['running', 'paused', 'shutoff'] as const;
const state = group<Known, boolean>({
  labels: ['domain', 'uuid', 'state'],
  *each({ domains }) {
    for (const domain of domains)
      for (const one of states) yield [domain.state === one, [domain.name, domain.uuid, one]];
  },
  families: [gauge('ctvirt_domain_state', 'Whether a domain is in this state.', Number)],
});

const domain = group<Known, DomainOverview>({
  labels: ['domain', 'uuid'],
  *each({ domains }) {
    for (const one of domains) yield [one, [one.name, one.uuid]];
  },
  families: [
    gauge('ctvirt_domain_start_time_seconds', 'When a running domain was started.', ({ startedAt }) =>
      secondsOf(startedAt),
    ),
    counter(
      'ctvirt_cpu_seconds_total',
      'Processor time that a domain had since its start.',
      used(({ cpu }) => seconds(cpu.totalNs)),
    ),
    counter(
      'ctvirt_cpu_throttled_seconds_total',
      'Time for which its own limit kept a domain from processors.',
      used(({ waits }) => seconds(waits.throttledNs)),
    ),
    counter(
      'ctvirt_cpu_waited_seconds_total',
      'Time for which a process of a domain waited for a processor.',
      used(({ waits }) => seconds(waits.cpuNs)),
    ),
    gauge(
      'ctvirt_memory_bytes',
      'Memory that a domain holds, page cache included.',
      used(({ memory }) => bytes(memory.usedKiB)),
    ),
    gauge(
      'ctvirt_memory_limit_bytes',
      'Memory that a domain may hold at most; none without a limit.',
      used(({ memory }) => bytes(memory.limitKiB)),
    ),
    gauge(
      'ctvirt_swap_bytes',
      'Swap that a domain holds.',
      used(({ memory }) => bytes(memory.swapKiB)),
    ),
    counter(
      'ctvirt_memory_stalled_seconds_total',
      'Time for which a process of a domain waited for memory.',
      used(({ waits }) => seconds(waits.memoryNs)),
    ),
    counter(
      'ctvirt_memory_reclaims_total',
      'How often memory below its guarantee was taken from a domain.',
      used(({ shortages }) => shortages.reclaims),
    ),
    counter(
      'ctvirt_memory_limit_hits_total',
      'How often a domain met its own limit of memory.',
      used(({ shortages }) => shortages.limitHits),
    ),
    counter(
      'ctvirt_memory_oom_kills_total',
      'Processes of a domain that were ended for want of memory.',
      used(({ shortages }) => shortages.kills),
    ),
    counter(
      'ctvirt_io_read_bytes_total',
      'Bytes that a domain read from disks.',
      used(({ io }) => io.readBytes),
    ),
    counter(
      'ctvirt_io_written_bytes_total',
      'Bytes that a domain wrote to disks; cgroup v2 alone counts that.',
      used(({ io }) => io.writtenBytes),
    ),
    counter(
      'ctvirt_io_waited_seconds_total',
      'Time for which a process of a domain waited for a disk.',
      used(({ waits }) => seconds(waits.ioNs)),
    ),
    counter(
      'ctvirt_network_received_bytes_total',
      'Bytes that a domain received over all its links, also those that are gone by now.',
      used(({ passed }) => passed.rx),
    ),
    counter(
      'ctvirt_network_sent_bytes_total',
      'Bytes that a domain sent over all its links, also those that are gone by now.',
      used(({ passed }) => passed.tx),
    ),
    gauge(
      'ctvirt_processes',
      'Processes and threads of a domain.',
      used(({ use }) => use.processes),
    ),
    gauge(
      'ctvirt_processes_limit',
      'Processes and threads that a domain may have; none without a limit.',
      used(({ use }) => use.maxProcesses),
    ),
    gauge('ctvirt_snapshots', 'Snapshots that there are of a domain.', ({ snapshots }) => snapshots.count),
    gauge(
      'ctvirt_snapshot_last_timestamp_seconds',
      'When the last snapshot that there is of a domain was taken.',
      ({ snapshots }) => secondsOf(snapshots.lastAt),
    ),
    gauge(
      'ctvirt_snapshot_next_timestamp_seconds',
      'When the next snapshot of a domain is due by its schedule; none without one.',
      ({ snapshots }) => secondsOf(snapshots.nextAt),
    ),
    gauge(
      'ctvirt_backup_last_timestamp_seconds',
      'When the last backup of a domain was taken.',
      ({ backup }) => secondsOf(backup.last?.takenAt),
    ),
    gauge('ctvirt_backup_age_seconds', 'How long ago that is.', ({ backup }) => backup.last?.ageSeconds),
    gauge(
      'ctvirt_backup_failed_timestamp_seconds',
      'When a backup of a domain last failed; none once another was taken since.',
      ({ backup }) => secondsOf(backup.failure?.at),
    ),
    gauge(
      'ctvirt_backup_next_timestamp_seconds',
      'When the next backup of a domain is due by its schedule; none without one.',
      ({ backup }) => secondsOf(backup.nextAt),
    ),
  ],
});

const backupStates = ['ok', 'incomplete', 'failed', 'late', 'waiting'] as const;
const backups = group<Known, boolean>({
  labels: ['domain', 'uuid', 'state'],
  *each({ domains }) {
    for (const { name, uuid, backup } of domains)
      if (backup.state !== 'none')
        for (const one of backupStates) yield [backup.state === one, [name, uuid, one]];
  },
  families: [
    gauge(
      'ctvirt_backup_state',
      'Whether the backups of a domain are in this state, of those that have any or times for them.',
      Number,
    ),
  ],
});

const ledger = group<Known, LedgerRow>({
  labels: ['resource', 'unit'],
  *each({ ledger: rows }) {
    for (const row of rows) yield [row, [row.resource, row.unit]];
  },
  families: [
    gauge('ctvirt_guarantee_capacity', 'What the host has.', ({ capacity }) => capacity),
    gauge('ctvirt_guarantee_reserve', 'What is kept for the host.', ({ reserve }) => reserve),
    gauge(
      'ctvirt_guarantee_promised',
      'What is promised to all running domains together.',
      ({ guaranteed, headroom }) => (headroom === null ? null : guaranteed),
    ),
    // Of processor time the ledger has none.
    gauge('ctvirt_guarantee_used', 'What the running domains hold.', ({ resource, used: held }) =>
      resource === 'cpu' ? null : held,
    ),
    gauge(
      'ctvirt_guarantee_headroom',
      'What can still be promised; below zero is overcommitted.',
      ({ headroom }) => headroom,
    ),
  ],
});

/** One promise to a domain; nothing is promised of it where the verdict is null. */
interface Promised {
  readonly promised: number;
  readonly delivered: number | null;
  readonly verdict: 'kept' | 'broken' | 'unknown' | null;
}

function* promisesTo({ run }: DomainOverview): Generator<[resource: string, Promised]> {
  if (!run?.delivery) return;
  const { given, cpu, memory } = run.delivery;
  yield ['cpu', { promised: cpu.promisedShare, delivered: given?.cpuShare ?? null, verdict: cpu.verdict }];
  const { allocationBytes, survivalBytes, verdict } = memory;
  const delivered = given?.memoryBytes ?? null;
  if (allocationBytes > 0) yield ['allocation', { promised: allocationBytes, delivered, verdict }];
  if (survivalBytes > 0) yield ['survival', { promised: survivalBytes, delivered, verdict }];
}

const promises = group<Known, Promised>({
  labels: ['domain', 'uuid', 'resource'],
  *each({ domains }) {
    for (const one of domains)
      for (const [resource, promised] of promisesTo(one)) yield [promised, [one.name, one.uuid, resource]];
  },
  families: [
    gauge(
      'ctvirt_guarantee_domain_promised',
      'What a running domain is promised: bytes of memory, or processors.',
      ({ promised }) => promised,
    ),
    gauge(
      'ctvirt_guarantee_domain_delivered',
      'What it was given over the last five minutes: bytes that it holds now, or processors.',
      ({ delivered }) => delivered,
    ),
    gauge(
      'ctvirt_guarantee_domain_kept',
      'Whether that promise was kept over the last five minutes; none where this kernel does not tell.',
      ({ verdict }) => (verdict === 'kept' || verdict === 'broken' ? Number(verdict === 'kept') : null),
    ),
  ],
});

/** Of all others there is nothing to watch: twenty of each domain would be most of a scrape. */
const isTold = ({ limit, failcnt }: BeancounterRow): boolean => limit !== null || (failcnt ?? 0) > 0;

const beancounters = group<Known, BeancounterRow>({
  labels: ['domain', 'uuid', 'resource'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      for (const row of run?.beancounters ?? []) if (isTold(row)) yield [row, [name, uuid, row.resource]];
  },
  families: [
    gauge(
      'ctvirt_beancounter_held',
      'What a domain holds of a resource that is limited or was refused, in its own unit.',
      ({ held }) => held,
    ),
    gauge(
      'ctvirt_beancounter_maxheld',
      'The most that it held of it since its start.',
      ({ maxheld }) => maxheld,
    ),
    gauge(
      'ctvirt_beancounter_barrier',
      'The barrier of it; none if that is unlimited.',
      ({ barrier }) => barrier,
    ),
    gauge('ctvirt_beancounter_limit', 'The limit of it; none if that is unlimited.', ({ limit }) => limit),
    counter(
      'ctvirt_beancounter_failcnt_total',
      'How often it was refused since its start; none where this kernel does not count that.',
      ({ failcnt }) => failcnt,
    ),
  ],
});

const kinds = ['used', 'soft', 'hard'] as const;
const quota = group<Known, { readonly space: number | null; readonly inodes: number | null }>({
  labels: ['domain', 'uuid', 'filesystem', 'kind'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      for (const { target, space, inodes } of run?.filesystems ?? [])
        for (const kind of kinds)
          yield [{ space: space[kind], inodes: inodes[kind] }, [name, uuid, target, kind]];
  },
  families: [
    gauge(
      'ctvirt_quota_bytes',
      'What a file system of a domain holds, and may hold by its soft and its hard limit.',
      ({ space }) => space,
    ),
    gauge('ctvirt_quota_inodes', 'The same as a number of files, folders and links.', ({ inodes }) => inodes),
  ],
});

const jobs = group<Known, number>({
  labels: ['domain', 'uuid', 'kind'],
  *each({ jobs: running }) {
    for (const { domain: name, uuid, kind, startedAt } of running)
      if (name !== null) yield [Date.parse(startedAt) / 1000, [name, uuid, kind]];
  },
  families: [
    gauge('ctvirt_job_start_time_seconds', 'When a job of a domain that is under way began.', (at) => at),
  ],
});

const sessions = group<Known, number>({
  labels: ['role', 'state'],
  *each({ sessions: all }) {
    const kinds = new Map(all.map(({ role, state: at }) => [`${role} ${at}`, [role, at]]));
    for (const [kind, values] of kinds)
      yield [all.filter(({ role, state: at }) => kind === `${role} ${at}`).length, values];
  },
  families: [
    gauge(
      'ctvirt_web_sessions',
      'Who is in by browser (open), may come in (link), or reads metrics (token).',
      (count) => count,
    ),
  ],
});

/** A family of numbers that the daemon counts from its start on. */
const counted = <Of extends string>(
  of: { readonly name: string; readonly help: string; readonly labels: readonly Of[] },
  tallies: (known: Known) => readonly Tally<Of>[],
): Group<Known> =>
  group<Known, number>({
    labels: of.labels,
    *each(known) {
      for (const tally of tallies(known)) yield [tally.count, of.labels.map((label) => tally.of[label])];
    },
    families: [counter(of.name, of.help, (count) => count)],
  });

/** In the order in which they are told. */
export const own: readonly Group<Known>[] = [
  build,
  daemon,
  ledger,
  counted(
    {
      name: 'ctvirt_admissions_total',
      help: 'Documents and starts by what became of their promises, since the daemon started.',
      labels: ['verdict'],
    },
    ({ admissions }) => Object.entries(admissions).map(([verdict, count]) => ({ of: { verdict }, count })),
  ),
  info,
  state,
  domain,
  promises,
  beancounters,
  quota,
  backups,
  jobs,
  counted(
    {
      name: 'ctvirt_jobs_total',
      help: 'Jobs of domains that have ended since the daemon started, by how.',
      labels: ['domain', 'uuid', 'kind', 'state'],
    },
    ({ endedJobs }) => endedJobs,
  ),
  counted(
    {
      name: 'ctvirt_http_requests_total',
      help: 'Requests that were answered since the daemon started.',
      labels: ['operation', 'status'],
    },
    ({ requests }) => requests,
  ),
  sessions,
];
