// What Incus tells of its instances, by its names and labels, for dashboards that were made for it.
// SPDX-License-Identifier: Apache-2.0
import type {
  DomainOverview,
  FilesystemOverview,
  KnownDomain,
  LinkOverview,
  TrafficCounters,
} from '@ctvirt/engine';
import { memoryUseOf } from '../../procedures/domain/memory-use.js';
import type { Known } from '../known.js';
import { bytes, seconds, sides } from '../units.js';
import { counter, type Family, type Group, gauge, group } from '../write.js';

/** What each of its families has. */
const common = ['name', 'project', 'type'] as const;
const labelsOf = ({ name }: DomainOverview): readonly string[] => [name, 'default', 'container'];

interface Instance {
  readonly seen: KnownDomain;
  readonly memory: ReturnType<typeof memoryUseOf>;
  readonly vcpus: number;
  readonly labels: readonly string[];
}

/** What was looked at of those that run. */
function* running({ domains }: Known): Generator<Instance> {
  for (const one of domains)
    if (one.run?.seen)
      yield {
        seen: one.run.seen,
        memory: memoryUseOf(one.run.seen.memory),
        vcpus: one.run.currentVcpus,
        labels: labelsOf(one),
      };
}

const instances = group<Known, Instance>({
  labels: common,
  *each(known) {
    for (const one of running(known)) yield [one, one.labels];
  },
  families: [
    gauge('incus_cpu_effective_total', 'Processors that an instance has.', ({ vcpus }) => vcpus),
    ...[
      ['MemTotal', 'Memory that an instance can have.', 'availableKiB'] as const,
      ['MemFree', 'Memory of that which it does not hold.', 'unusedKiB'] as const,
      ['MemAvailable', 'The same with its page cache.', 'usableKiB'] as const,
      ['Cached', 'Page cache of an instance.', 'cacheKiB'] as const,
      ['RSS', 'Anonymous memory of an instance.', 'rssKiB'] as const,
      ['Swap', 'Swap that an instance holds.', 'swapKiB'] as const,
    ].map(
      ([name, help, key]): Family<Instance> =>
        gauge(`incus_memory_${name}_bytes`, help, ({ memory }) => bytes(memory[key])),
    ),
    counter(
      'incus_memory_OOM_kills_total',
      'Processes of an instance that the kernel ended for want of memory.',
      ({ seen }) => seen.shortages.kills,
    ),
    gauge('incus_procs_total', 'Processes and threads of an instance.', ({ seen }) => seen.use.processes),
  ],
});

const modes = ['user', 'system'] as const;
const processors = group<Known, number | null>({
  labels: [...common, 'cpu', 'mode'],
  *each(known) {
    for (const { seen, labels } of running(known))
      for (const mode of modes) yield [seen.cpu[`${mode}Ns`], [...labels, '0', mode]];
  },
  families: [
    counter(
      'incus_cpu_seconds_total',
      'Processor time of an instance since its start, all processors together.',
      seconds,
    ),
  ],
});

const disks = group<Known, Instance>({
  labels: [...common, 'device'],
  *each(known) {
    for (const one of running(known)) yield [one, [...one.labels, 'root']];
  },
  families: [
    counter(
      'incus_disk_read_bytes_total',
      'Bytes that an instance read from disks.',
      ({ seen }) => seen.io.readBytes,
    ),
    counter(
      'incus_disk_reads_completed_total',
      'How often an instance read from disks.',
      ({ seen }) => seen.io.reads,
    ),
    counter(
      'incus_disk_written_bytes_total',
      'Bytes that an instance wrote to disks; cgroup v2 alone counts that.',
      ({ seen }) => seen.io.writtenBytes,
    ),
    counter(
      'incus_disk_writes_completed_total',
      'How often an instance wrote to disks; cgroup v2 alone counts that.',
      ({ seen }) => seen.io.writes,
    ),
  ],
});

const filesystems = group<Known, FilesystemOverview>({
  labels: [...common, 'mountpoint'],
  *each({ domains }) {
    for (const one of domains)
      for (const filesystem of one.run?.filesystems ?? [])
        yield [filesystem, [...labelsOf(one), filesystem.target]];
  },
  families: [
    gauge('incus_filesystem_size_bytes', 'The hard limit of a file system.', ({ space }) => space.hard),
    gauge('incus_filesystem_avail_bytes', 'What is left of that.', ({ space: { hard, used } }) =>
      hard === null || used === null ? null : hard - used,
    ),
  ],
});

const counts = [
  ['bytes', 'bytes'],
  ['packets', 'packets'],
  ['errors', 'errs'],
  ['drops', 'drop'],
] as const satisfies readonly (readonly [keyof TrafficCounters, string])[];

const links = group<Known, LinkOverview>({
  labels: [...common, 'device'],
  *each({ domains }) {
    for (const one of domains)
      for (const link of one.run?.links ?? []) yield [link, [...labelsOf(one), link.name]];
  },
  families: sides.flatMap(([side, verb, participle]) =>
    counts.map(
      ([count, name]): Family<LinkOverview> =>
        counter(
          `incus_network_${verb}_${name}_total`,
          `The ${count} that an instance ${participle} over a link.`,
          (link) => link[side][count],
        ),
    ),
  ),
});

/** In the order in which they are told. */
export const incus: readonly Group<Known>[] = [instances, processors, disks, filesystems, links];
