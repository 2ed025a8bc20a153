// What exporters of libvirt tell, by their names and labels, so that dashboards made for them show containers as they are.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type {
  DomainOverview,
  FilesystemOverview,
  KnownDomain,
  LinkOverview,
  TrafficCounters,
} from '@ctvirt/engine';
import { domainStates } from '@ctvirt/rpc';
import { memoryUseOf } from '../../procedures/domain/memory-use.js';
import type { Known } from '../known.js';
import { bytes, seconds, sides } from '../units.js';
import { counter, type Family, type Group, gauge, group } from '../write.js';

const descriptions: Readonly<Record<DomainSummary['state'], string>> = {
  running: 'the domain is running',
  paused: 'the domain is paused by user',
  shutoff: 'the domain is shut off',
};

const up = group<Known, number>({
  labels: [],
  each: () => [[1, []]],
  families: [gauge('libvirt_up', 'Whether metrics could be told: always 1.', (one) => one)],
});

const total = group<Known, Known['domains']>({
  labels: [],
  each: ({ domains }) => [[domains, []]],
  families: [
    gauge('libvirt_domains', 'Domains, running or not.', ({ length }) => length),
    gauge(
      'libvirt_domains_number',
      'Domains that run.',
      (all) => all.filter(({ run }) => run !== null).length,
    ),
  ],
});

const identity = group<Known, number>({
  labels: ['domain', 'uuid', 'os_type', 'os_type_arch', 'os_type_machine'],
  *each({ domains, arch }) {
    for (const { name, uuid } of domains) yield [1, [name, uuid, 'exe', arch, null]];
  },
  families: [gauge('libvirt_domain_info', 'What a domain is: always 1.', (one) => one)],
});

const meta = group<Known, number>({
  labels: ['domain', 'uuid', 'instance_name', 'flavor'],
  *each({ domains }) {
    for (const { name, uuid, title, profile } of domains) yield [1, [name, uuid, title ?? name, profile]];
  },
  families: [
    gauge('libvirt_domain_info_meta', 'What people call a domain, and its profile: always 1.', (one) => one),
  ],
});

const state = group<Known, number>({
  labels: ['domain', 'uuid', 'state_desc'],
  *each({ domains }) {
    for (const one of domains) yield [domainStates[one.state], [one.name, one.uuid, descriptions[one.state]]];
  },
  families: [
    gauge(
      'libvirt_domain_info_state',
      "The state of a domain by libvirt's number, with its description.",
      (code) => code,
    ),
  ],
});

type Run = NonNullable<DomainOverview['run']>;
type MemoryUse = ReturnType<typeof memoryUseOf>;

interface Active {
  readonly state: DomainOverview['state'];
  readonly run: Run;
  readonly memory: MemoryUse | undefined;
}

/** What was looked at. */
const used =
  (of: (use: KnownDomain) => number | null | undefined) =>
  ({ run: { seen } }: Active): number | null | undefined =>
    seen && of(seen);

/** Of its memory, in libvirt's words. */
const memory =
  (of: (use: MemoryUse) => number | null | undefined) =>
  ({ memory: use }: Active): number | null | undefined =>
    use && of(use);

/** What runs, or is paused: exporters tell of no others. */
const domain = group<Known, Active>({
  labels: ['domain', 'uuid'],
  *each({ domains }) {
    for (const { name, uuid, state: now, run } of domains)
      if (run !== null)
        yield [
          { state: now, run, memory: run.seen ? memoryUseOf(run.seen.memory) : undefined },
          [name, uuid],
        ];
  },
  families: [
    gauge('libvirt_domain_info_maximum_memory_bytes', 'Memory that a domain may have at most.', ({ run }) =>
      bytes(run.maximumMemoryKiB),
    ),
    gauge(
      'libvirt_domain_info_memory_usage_bytes',
      'Memory that a domain holds.',
      used(({ memory: { usedKiB } }) => bytes(usedKiB)),
    ),
    gauge('libvirt_domain_info_virtual_cpus', 'Processors that a domain has.', ({ run }) => run.currentVcpus),
    counter(
      'libvirt_domain_info_cpu_time_seconds_total',
      'Processor time that a domain had since its start.',
      used(({ cpu: { totalNs } }) => seconds(totalNs)),
    ),
    gauge(
      'libvirt_domain_info_vstate',
      "The state of a domain by libvirt's number.",
      (one) => domainStates[one.state],
    ),
    gauge('libvirt_domain_state_code', 'The same by another name.', (one) => domainStates[one.state]),
    gauge('libvirt_domain_vcpu_current', 'Processors that a domain has.', ({ run }) => run.currentVcpus),
    gauge(
      'libvirt_domain_vcpu_maximum',
      'Processors that a domain may have at most.',
      ({ run }) => run.maximumVcpus,
    ),
    gauge(
      'libvirt_domain_memory_stats_rss_bytes',
      'Anonymous memory of a domain.',
      memory(({ rssKiB }) => bytes(rssKiB)),
    ),
    gauge(
      'libvirt_domain_memory_stats_available_bytes',
      'Memory that a domain can have.',
      memory(({ availableKiB }) => bytes(availableKiB)),
    ),
    gauge(
      'libvirt_domain_memory_stats_unused_bytes',
      'Memory of that which a domain does not hold.',
      memory(({ unusedKiB }) => bytes(unusedKiB)),
    ),
    gauge(
      'libvirt_domain_memory_stats_usable_bytes',
      'The same with its page cache.',
      memory(({ usableKiB }) => bytes(usableKiB)),
    ),
    gauge(
      'libvirt_domain_memory_stats_disk_cache_bytes',
      'Page cache of a domain.',
      memory(({ cacheKiB }) => bytes(cacheKiB)),
    ),
    gauge(
      'libvirt_domain_memory_stats_used_percent',
      'Part of its memory that a domain uses, in percent.',
      memory(percentOf),
    ),
    counter(
      'libvirt_domain_memory_stats_major_fault_total',
      'Page faults that had to read.',
      memory(({ majorFaults }) => majorFaults),
    ),
    counter(
      'libvirt_domain_memory_stats_minor_fault_total',
      'All other page faults.',
      memory(({ minorFaults }) => minorFaults),
    ),
  ],
});

function percentOf({ usableKiB, availableKiB }: MemoryUse): number | null {
  return usableKiB === null || availableKiB === 0 ? null : ((availableKiB - usableKiB) / availableKiB) * 100;
}

/** Its whole input and output under one name, which is what clients of libvirt call it by. */
const WHOLE_DISK = '/';

interface Disk {
  readonly io: KnownDomain['io'] | undefined;
  readonly root: FilesystemOverview | undefined;
}

/** What dashboards join others with, by domain and device. */
const diskMeta = group<Known, number>({
  labels: ['domain', 'uuid', 'source_file', 'target_device', 'disk_type', 'driver_type'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      if (run !== null) yield [1, [name, uuid, null, WHOLE_DISK, 'filesystem', 'cgroup']];
  },
  families: [gauge('libvirt_domain_block_meta', 'What a disk of a domain is: always 1.', (one) => one)],
});

const disks = group<Known, Disk>({
  labels: ['domain', 'uuid', 'source_file', 'target_device'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      if (run !== null) {
        const root = run.filesystems.find(({ target }) => target === WHOLE_DISK);
        yield [{ io: run.seen?.io, root }, [name, uuid, null, WHOLE_DISK]];
      }
  },
  families: [
    counter(
      'libvirt_domain_block_stats_read_bytes_total',
      'Bytes that a domain read from disks.',
      ({ io }) => io?.readBytes,
    ),
    counter(
      'libvirt_domain_block_stats_read_requests_total',
      'How often a domain read from disks.',
      ({ io }) => io?.reads,
    ),
    counter(
      'libvirt_domain_block_stats_write_bytes_total',
      'Bytes that a domain wrote to disks; cgroup v2 alone counts that.',
      ({ io }) => io?.writtenBytes,
    ),
    counter(
      'libvirt_domain_block_stats_write_requests_total',
      'How often a domain wrote to disks; cgroup v2 alone counts that.',
      ({ io }) => io?.writes,
    ),
    gauge(
      'libvirt_domain_block_stats_capacity_bytes',
      "The hard limit of a domain's root.",
      ({ root }) => root?.space.hard,
    ),
    gauge(
      'libvirt_domain_block_stats_capacity',
      'The same by its older name.',
      ({ root }) => root?.space.hard,
    ),
    gauge(
      'libvirt_domain_block_stats_allocation',
      "Bytes that a domain's root holds.",
      ({ root }) => root?.space.used,
    ),
  ],
});

const linkMeta = group<Known, number>({
  labels: ['domain', 'uuid', 'source_bridge', 'target_device', 'virtual_interface'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      for (const { bridge, hostName, name: inside } of run?.links ?? [])
        yield [1, [name, uuid, bridge, hostName ?? inside, inside]];
  },
  families: [
    gauge(
      'libvirt_domain_interface_meta',
      'What a link of a domain is, with its name inside: always 1.',
      (one) => one,
    ),
  ],
});

const counts: readonly (keyof TrafficCounters)[] = ['bytes', 'packets', 'errors', 'drops'];

const links = group<Known, LinkOverview>({
  labels: ['domain', 'uuid', 'source_bridge', 'target_device'],
  *each({ domains }) {
    for (const { name, uuid, run } of domains)
      for (const link of run?.links ?? [])
        yield [link, [name, uuid, link.bridge, link.hostName ?? link.name]];
  },
  families: sides.flatMap(([side, verb, participle]) =>
    counts.map(
      (count): Family<LinkOverview> =>
        counter(
          `libvirt_domain_interface_stats_${verb}_${count}_total`,
          `The ${count} that a domain ${participle} over a link.`,
          (link) => link[side][count],
        ),
    ),
  ),
});

/** In the order in which they are told. */
export const libvirt: readonly Group<Known>[] = [
  up,
  total,
  identity,
  meta,
  state,
  domain,
  diskMeta,
  disks,
  linkMeta,
  links,
];
