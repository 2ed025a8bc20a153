// From two looks at a run to the numbers that are kept of it: what counts up by the second, all else as it is.
// SPDX-License-Identifier: Apache-2.0
import type { DiskUse } from '@ctvirt/api';
import type { Look } from '../drivers/driver.js';
import type { LinkCounters } from '../view.js';
import { type Values, valuesOf } from './series.js';

/** Looks that are nearer to each other say nothing of a rate. */
const LEAST_MS = 500;

/** What is known of it beside its looks. */
export interface Beside {
  readonly disk: DiskUse | undefined;
  readonly promisedBytes: number | undefined;
}

const orNot = (value: number | null | undefined): number => value ?? Number.NaN;

/** Of the time since the look before, if there was one. */
export function ratesOf(now: Look, before: Look | undefined, { disk, promisedBytes }: Beside): Values {
  const tookMs = before === undefined ? 0 : now.atMs - before.atMs;
  const grown = (read: (look: Look) => number): number => {
    if (before === undefined || tookMs < LEAST_MS) return Number.NaN;
    const more = read(now) - read(before);
    // Somebody has set the kernel's counter back.
    return more < 0 ? Number.NaN : more;
  };
  const aSecond = (read: (look: Look) => number): number => (grown(read) / tookMs) * 1000;
  const part = (read: (look: Look) => number): number => grown(read) / 1e6 / tookMs;
  const passed = (way: 'rx' | 'tx'): number =>
    before === undefined || tookMs < LEAST_MS
      ? Number.NaN
      : (passedSince(now.links, before.links, way) / tookMs) * 1000;
  return valuesOf({
    cpu: part(({ cpuNs }) => cpuNs),
    throttled: part(({ throttledNs }) => throttledNs),
    waited: part(({ waitedNs }) => waitedNs),
    memory: now.memoryBytes,
    swap: orNot(now.memory.swapKiB) * 1024,
    memoryStalled: part(({ stalledNs }) => stalledNs),
    processes: orNot(now.use.processes),
    disk: orNot(disk?.usedBytes),
    diskRead: aSecond(({ io }) => orNot(io.readBytes)),
    diskWritten: aSecond(({ io }) => orNot(io.writtenBytes)),
    received: passed('rx'),
    sent: passed('tx'),
    ioWaited: part(({ ioWaitedNs }) => ioWaitedNs),
    refused: aSecond(({ refused }) => refused),
    promisedMemory: promisedBytes ?? Number.NaN,
  });
}

/** What passed over all links of a run until a look, those that are gone by now as well; null where none has counted. */
export type Passed = Readonly<Record<'rx' | 'tx', number | null>>;

/** A sum of what links count now would fall when one of them goes, and whoever reads it take that for a start. */
export function passedUntil(
  now: Look,
  before: { readonly look: Look; readonly passed: Passed } | undefined,
): Passed {
  const until = (way: 'rx' | 'tx'): number | null => {
    const known = before?.passed[way] ?? null;
    if (known === null && now.links.every(({ [way]: { bytes } }) => bytes === null)) return null;
    return (known ?? 0) + passedSince(now.links, before?.look.links ?? [], way);
  };
  return { rx: until('rx'), tx: until('tx') };
}

/** A link that is new, or made again, has counted from nothing. */
function passedSince(
  now: readonly LinkCounters[],
  before: readonly LinkCounters[],
  way: 'rx' | 'tx',
): number {
  let sum = 0;
  for (const link of now) {
    const bytes = link[way].bytes;
    const earlier = before.find(({ name, hostName }) => name === link.name && hostName === link.hostName);
    const stood = earlier === undefined ? 0 : earlier[way].bytes;
    if (bytes === null || stood === null) continue;
    sum += bytes < stood ? bytes : bytes - stood;
  }
  return sum;
}
