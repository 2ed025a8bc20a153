// Where the processors of a domain may run: sets of the host's processors, and how documents keep one for each.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { refusal } from './refusal.js';

/** Processors of the host by number. */
export type Processors = ReadonlySet<number>;

const span = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const isSame = (one: Processors, other: Processors): boolean =>
  one.size === other.size && [...one].every((number) => other.has(number));

/** The set of a list such as `0-3,^2,8`, as far as the host has them. */
function processorsOf(list: string, hostCount: number): Processors {
  const found = new Set<number>();
  for (const part of list.split(',')) {
    const [first = '', last = first] = part.trim().replace('^', '').split('-');
    for (let number = Number(first); number <= Number(last) && number < hostCount; number++)
      if (part.trim().startsWith('^')) found.delete(number);
      else found.add(number);
  }
  return found;
}

const toList = (processors: Processors): string => [...processors].sort((a, b) => a - b).join(',');

/** As the wire has it: a bit for each processor, the first in the lowest. */
export function toCpuMap(processors: Processors, bytes: number): Buffer {
  const map = Buffer.alloc(bytes);
  for (const number of processors)
    if (number >> 3 < bytes) map[number >> 3] = (map[number >> 3] ?? 0) | (1 << (number & 7));
  return map;
}

/** The set of a map from the wire; refused if it names none of the host's processors. */
export function fromCpuMap(map: Uint8Array, hostCount: number): Processors {
  const found = new Set(span(hostCount).filter((number) => ((map[number >> 3] ?? 0) >> (number & 7)) & 1));
  if (found.size === 0) throw refusal('invalidArg', 'domain', 'Empty cpu list for pinning');
  return found;
}

/** Where the domain may run as a whole. */
export const processorsOfDomain = ({ vcpu }: Domain, hostCount: number): Processors =>
  vcpu?.cpuset === undefined ? new Set(span(hostCount)) : processorsOf(vcpu.cpuset, hostCount);

/** Where each of its `count` processors may run: where it is pinned to, else where the domain may run. */
export function pinsOf(domain: Domain, count: number, hostCount: number): Processors[] {
  const whole = processorsOfDomain(domain, hostCount);
  const pins = new Map(
    domain.cputune?.vcpupins?.map(({ vcpu, cpuset }) => [vcpu, processorsOf(cpuset, hostCount)]),
  );
  return span(count).map((number) => pins.get(number) ?? whole);
}

/**
 * The document with these pins. The kernel places a container as a whole, so it may run where any of its processors may;
 * a processor that may not run everywhere there is noted beside it.
 */
export function withPins(domain: Domain, pins: readonly Processors[], hostCount: number): Domain {
  const whole: Processors = new Set(pins.flatMap((pin) => [...pin]));
  const noted = [...pins.entries()]
    .filter(([, pin]) => !isSame(pin, whole))
    .map(([vcpu, pin]) => ({ vcpu, cpuset: toList(pin) }));
  return {
    ...domain,
    vcpu: {
      placement: 'static' as const,
      ...domain.vcpu,
      value: domain.vcpu?.value ?? pins.length,
      // Once it was kept to some, all are named: of a running one some kernels take no empty list.
      cpuset: whole.size === hostCount && domain.vcpu?.cpuset === undefined ? undefined : toList(whole),
    },
    cputune: { ...domain.cputune, vcpupins: noted },
  };
}
