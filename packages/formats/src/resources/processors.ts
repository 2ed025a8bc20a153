// Where a container may run, as libvirt's documents say it: for the domain as a whole, and for each of its processors.
// SPDX-License-Identifier: Apache-2.0
import { currentVcpus, type Domain } from '@ctvirt/xml';
import { formatBitmap } from '../openvz/values.js';

/** Processors of the host by number. */
export type Processors = ReadonlySet<number>;

/** More numbers than any host has; a list may name them all. */
const MOST = 65_536;

/** The numbers of a list such as `0-3,^2,8`; undefined if it is none, or names none. */
export function numbersOf(list: string): Processors | undefined {
  const found = new Set<number>();
  for (const part of list.split(',')) {
    const [, without, first, last = first] = /^\s*(\^?)(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(last) >= MOST) return undefined;
    for (let number = Number(first); number <= Number(last); number++)
      if (without === '^') found.delete(number);
      else found.add(number);
  }
  return found.size === 0 ? undefined : found;
}

/** In the kernel's form; undefined for everywhere. */
export const listOf = (list: string | undefined): string | undefined => {
  const numbers = list === undefined ? undefined : numbersOf(list);
  return numbers === undefined ? undefined : formatBitmap(numbers);
};

const span = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** Where the domain may run as a whole. */
export const processorsOfDomain = ({ vcpu }: Domain, hostCpus: number): Processors =>
  (vcpu?.cpuset === undefined ? undefined : numbersOf(vcpu.cpuset)) ?? new Set(span(hostCpus));

/** Where each of its `count` processors may run: where it is pinned to, or else where the domain may. */
export function pinsOf(domain: Domain, count: number, hostCpus: number): Processors[] {
  const whole = processorsOfDomain(domain, hostCpus);
  const pins = domain.cputune?.vcpupins ?? [];
  const pinned = new Map(pins.map(({ vcpu, cpuset }) => [vcpu, numbersOf(cpuset) ?? whole]));
  return span(count).map((number) => pinned.get(number) ?? whole);
}

const isPinned = ({ cputune }: Domain): boolean => (cputune?.vcpupins ?? []).length > 0;

/**
 * The processors of the host that the container gets, in the kernel's form; undefined for all. The kernel places it as a
 * whole, so it may run where any of its own processors may.
 */
export function processorsOf(domain: Domain, hostCpus: number): string | undefined {
  const { vcpu } = domain;
  if (!isPinned(domain)) return listOf(vcpu?.cpuset);
  const union = new Set(
    pinsOf(domain, currentVcpus(domain) ?? hostCpus, hostCpus).flatMap((pin) => [...pin]),
  );
  const isEverywhere = vcpu?.cpuset === undefined && span(hostCpus).every((number) => union.has(number));
  return isEverywhere ? undefined : formatBitmap(union);
}

/** How many processors it has, where that is less than the host; undefined for all. */
export function countOf(domain: Domain, hostCpus: number): number | undefined {
  const count = currentVcpus(domain);
  return count === undefined || count >= hostCpus ? undefined : count;
}

/** How many of those it may run on are to be chosen for it. Each that is pinned runs where it is pinned to. */
export const chosenOf = (domain: Domain, hostCpus: number): number | undefined =>
  isPinned(domain) ? undefined : countOf(domain, hostCpus);
