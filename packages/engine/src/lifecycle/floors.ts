// Limits below which no container starts, measured with an init that only sleeps.
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
