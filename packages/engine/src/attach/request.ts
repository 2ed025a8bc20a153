// How a helper in perl is told what to do: by descriptors, so that nothing of it is to be seen in any list of processes.
// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import { openMemory } from '../host/syscalls.js';
import { callNumbers } from './calls.js';

export const PERL = '/usr/bin/perl';

/** Each behind its length, for perl's unpack. */
export function packed(items: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const bytes = Buffer.from(typeof item === 'number' ? String(item) : item);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** What `request` of `perl.ts` reads: the numbers of calls, facts by their names, and the parts in its order. */
export const requestOf = (
  facts: Readonly<Record<string, number>>,
  parts: readonly (string | Uint8Array)[],
): Buffer =>
  packed([packed(Object.entries(callNumbers()).flat()), packed(Object.entries(facts).flat()), ...parts]);

export function memoryOf(name: string, content: Buffer): number {
  const fd = openMemory(name);
  // At a place, so that whoever reads begins where it begins.
  writeSync(fd, content, 0, content.length, 0);
  return fd;
}
