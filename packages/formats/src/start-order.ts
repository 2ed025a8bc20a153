// In which order domains start by themselves with the host; they are shut down with it in the reverse one.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { parameterValue } from './beancounters.js';
import { readUint } from './lxc/numbers.js';

/** Where a domain stands among those that start with the host. */
export interface Ordered {
  /** Lower ones start earlier; those without one start last. */
  readonly order?: number | undefined;
}

/** The highest order that a domain may have. */
const mostOrder = 1_000_000;
const mostDelaySeconds = 86_400;

/** OpenVZ's BOOTORDER the other way round: there the higher start earlier. */
export const orderOfBootorder = (bootorder: number): number => mostOrder - Math.min(mostOrder, bootorder);

/** What OpenVZ calls that order. */
export const bootorderOf = (order: number | undefined): number | undefined =>
  order === undefined ? undefined : mostOrder - order;

/** What a domain that was read from another format has had for its start with the host, kept by the names of that format. */
export function startOrderOf(domain: Domain): Ordered & { readonly delaySeconds?: number } {
  const numberOf = (key: string, most?: number) => readUint(parameterValue(domain, key) ?? '', most);
  const bootorder = numberOf('bootorder');
  const order =
    bootorder === undefined ? numberOf('lxc.start.order', mostOrder) : orderOfBootorder(bootorder);
  const delaySeconds = numberOf('lxc.start.delay', mostDelaySeconds);
  return { ...(order !== undefined && { order }), ...(delaySeconds !== undefined && { delaySeconds }) };
}

/** Those of each order, the first to start first; within one nothing is said of the order. */
export function inStartOrder<T extends Ordered>(all: Iterable<T>): T[][] {
  const groups = new Map<number, T[]>();
  for (const one of all) {
    const order = one.order ?? Number.POSITIVE_INFINITY;
    const group = groups.get(order);
    if (group === undefined) groups.set(order, [one]);
    else group.push(one);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
