// Where a container may run, as libvirt's documents say it: for the domain as a whole, and for each of its processors.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { formatBitmap } from '../openvz/values.js';

/** More numbers than any host has; a list may name them all. */
const MOST = 65_536;

/** The numbers of a list such as `0-3,^2,8`; undefined if it is none, or names none. */
export function numbersOf(list: string): ReadonlySet<number> | undefined {
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

/**
 * The processors of the host that the container gets. The kernel places it as a whole, so it may run where any of its own
 * processors may: each where it is pinned to, or else where the domain may.
 */
export function processorsOf({ vcpu, cputune }: Domain, hostCpus: number): string | undefined {
  const pins = cputune?.vcpupins ?? [];
  if (pins.length === 0) return listOf(vcpu?.cpuset);
  const all = new Set(Array.from({ length: hostCpus }, (_, number) => number));
  const whole = (vcpu?.cpuset === undefined ? undefined : numbersOf(vcpu.cpuset)) ?? all;
  const pinned = new Map(pins.map(({ vcpu: number, cpuset }) => [number, numbersOf(cpuset) ?? whole]));
  const each = Array.from({ length: vcpu?.value ?? hostCpus }, (_, number) => pinned.get(number) ?? whole);
  const union = new Set(each.flatMap((numbers) => [...numbers]));
  const isEverywhere = vcpu?.cpuset === undefined && [...all].every((number) => union.has(number));
  return isEverywhere ? undefined : formatBitmap(union);
}
