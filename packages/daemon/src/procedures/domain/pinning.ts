// Where the processors of a domain may run: as the wire has it, and pins as a document keeps them.
// SPDX-License-Identifier: Apache-2.0
import { formatBitmap, type Processors, pinsOf, processorsOfDomain } from '@ctvirt/formats';
import type { Domain } from '@ctvirt/xml';
import { refusal } from '../words/refusal.js';

const span = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const isSame = (one: Processors, other: Processors): boolean =>
  one.size === other.size && [...one].every((number) => other.has(number));

/** Of what a document names, what the host has. */
const onHost = (processors: Processors, hostCount: number): Processors =>
  new Set([...processors].filter((number) => number < hostCount));

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

/** Where the domain may run as a whole, on this host. */
export const placeOf = (domain: Domain, hostCount: number): Processors =>
  onHost(processorsOfDomain(domain, hostCount), hostCount);

/** Where each of its `count` processors may run, on this host. */
export const placesOf = (domain: Domain, count: number, hostCount: number): Processors[] =>
  pinsOf(domain, count, hostCount).map((pin) => onHost(pin, hostCount));

/**
 * The document with these pins. The kernel places a container as a whole, so it may run where any of its processors may;
 * a processor that may not run everywhere there is noted beside it.
 */
export function withPins(domain: Domain, pins: readonly Processors[], hostCount: number): Domain {
  const whole: Processors = new Set(pins.flatMap((pin) => [...pin]));
  const noted = [...pins.entries()]
    .filter(([, pin]) => !isSame(pin, whole))
    .map(([vcpu, pin]) => ({ vcpu, cpuset: formatBitmap(pin) }));
  return {
    ...domain,
    vcpu: {
      placement: 'static' as const,
      ...domain.vcpu,
      value: domain.vcpu?.value ?? pins.length,
      // Once it was kept to some, all are named: of a running one some kernels take no empty list.
      cpuset: whole.size === hostCount && domain.vcpu?.cpuset === undefined ? undefined : formatBitmap(whole),
    },
    cputune: { ...domain.cputune, vcpupins: noted },
  };
}

/** The most bytes of a map of processors on the wire. */
export const mapBytes = (asked: number): number => Math.min(Math.max(0, asked), 2048);
