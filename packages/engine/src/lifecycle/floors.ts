// Limits below which no container starts, or none in the minute that it is given, measured with an init that only sleeps.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/formats';
import { EngineError } from '../errors.js';

const KiB = 1024;
const number = (count: number): string => String(count);

const floors = [
  {
    resource: 'memoryMaxBytes',
    least: KiB * KiB,
    what: 'memory',
    text: (bytes: number) => `${Math.ceil(bytes / KiB)} KiB`,
  },
  { resource: 'pidsMax', least: 1, what: 'processes', text: number },
  // liblxc itself opens some forty of them on its way to init.
  { resource: 'nofile', least: 64, what: 'open files', text: number },
  // OpenVZ documents no least. From a disk busybox is read in 20 s at this rate, and is not within a minute at a quarter of it.
  {
    resource: 'ioBytesPerSecond',
    least: 64 * KiB,
    what: 'block I/O (IOLIMIT)',
    text: (bytes: number) => `${bytes} bytes a second`,
  },
  // The init of a whole system, with what it links, takes some 120 of them.
  {
    resource: 'ioOperationsPerSecond',
    least: 5,
    what: 'block I/O (IOPSLIMIT)',
    text: (count: number) => `${count} operations a second`,
  },
] as const satisfies readonly { readonly resource: keyof Resources; readonly [key: string]: unknown }[];

/** Throws `invalid`, naming each limit that no container could live with. */
export function refuseTooLittle(resources: Resources): void {
  const faults = floors.flatMap(({ resource, least, what, text }) => {
    const value = resources[resource];
    return value !== undefined && value < least
      ? [`${text(value)} of ${what}, where it takes ${text(least)} at least`]
      : [];
  });
  if (faults.length > 0) throw new EngineError('invalid', `no container starts with ${faults.join('; ')}`);
}
