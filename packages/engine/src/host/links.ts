// The network links of this process's network namespace.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const cIndex = libc.func('unsigned int if_nametoindex(const char *)');
const cName = libc.func('char *if_indextoname(unsigned int, void *)');
const NAME_BYTES = 16;

/** Not from /sys/class/net: sysfs shows the namespace of whoever mounted it. */
export function linkNames(): string[] {
  return parseLinkNames(readFileSync('/proc/self/net/dev', 'utf8'));
}

/** Costs the same however many there are. */
export const hasLink = (name: string): boolean => linkIndex(name) > 0;

/** The kernel's number for it, 0 where there is none. */
export const linkIndex = (name: string): number => cIndex(name);

/** The name of the link with this number; undefined where there is none. */
export function linkOfIndex(index: number): string | undefined {
  const name = Buffer.alloc(NAME_BYTES);
  return cName(index, name) === null ? undefined : name.toString('utf8', 0, name.indexOf(0));
}

/** Two lines of headings, then `  NAME: counters` each. */
export function parseLinkNames(text: string): string[] {
  return text
    .split('\n')
    .slice(2)
    .map((line) => line.slice(0, line.lastIndexOf(':')).trim())
    .filter((name) => name !== '');
}
