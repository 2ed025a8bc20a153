// One look at what a run uses and is given, from the kernel's files of either cgroup world.
// SPDX-License-Identifier: Apache-2.0
import type { HostTime, Look, Sample } from '../../driver.js';
import { countsIn } from '../counters.js';
import type { Readings } from './readings.js';

const unknown = (value: number | null): number => value ?? Number.NaN;
const times = (value: number | null, factor: number): number => unknown(value) * factor;

/** All that is read of a domain at once, but what its links and its account tell. */
export const lookOf = (
  version: 1 | 2,
  readings: Readings,
  host: HostTime,
): Omit<Look, 'links' | 'refused'> => ({
  ...sampleOf(version, readings, host),
  ...countsIn({
    isV2: version === 2,
    text: (controller, file) => readings.text(controller, file),
    number: (controller, file) => readings.number(controller, file),
  }),
  ioWaitedNs: version === 2 ? times(readings.stalledUs('io', 'io.pressure'), 1000) : Number.NaN,
});

/** What of it is compared with promises; what the kernel does not tell is not a number. */
export function sampleOf(version: 1 | 2, readings: Readings, host: HostTime): Sample {
  const common = { atMs: performance.now(), ...host };
  if (version === 1)
    return {
      ...common,
      cpuNs: unknown(readings.number('cpuacct', 'cpuacct.usage')),
      throttledNs: unknown(readings.keyed('cpu', 'cpu.stat', 'throttled_time')),
      waitedNs: Number.NaN,
      memoryBytes: unknown(readings.number('memory', 'memory.usage_in_bytes')),
      reclaims: Number.NaN,
      limitHits:
        unknown(readings.number('memory', 'memory.failcnt')) +
        // Absent without accounting of swap.
        (readings.number('memory', 'memory.memsw.failcnt') ?? 0),
      kills: unknown(readings.keyed('memory', 'memory.oom_control', 'oom_kill')),
      stalledNs: Number.NaN,
    };
  return {
    ...common,
    cpuNs: times(readings.keyed('cpu', 'cpu.stat', 'usage_usec'), 1000),
    throttledNs: times(readings.keyed('cpu', 'cpu.stat', 'throttled_usec'), 1000),
    waitedNs: times(readings.stalledUs('cpu', 'cpu.pressure'), 1000),
    memoryBytes: unknown(readings.number('memory', 'memory.current')),
    reclaims: unknown(readings.keyed('memory', 'memory.events', 'low')),
    limitHits: unknown(readings.keyed('memory', 'memory.events', 'max')),
    kills: unknown(readings.keyed('memory', 'memory.events', 'oom_kill')),
    stalledNs: times(readings.stalledUs('memory', 'memory.pressure'), 1000),
  };
}
