// Says which device nodes of an archive are left out; all others refuse the archive.
// SPDX-License-Identifier: Apache-2.0

// Character devices an ordinary /dev holds, as [major, first minor, last minor]. Memory (1:1, 1:2, 1:4) is not
// among them, and no block device is.
const ordinary: readonly (readonly [major: number, first: number, last: number, what: string])[] = [
  [1, 3, 3, 'null'],
  [1, 5, 5, 'zero'],
  [1, 7, 7, 'full'],
  [1, 8, 9, 'random and urandom'],
  [1, 11, 11, 'kmsg'],
  [2, 0, 255, 'BSD pseudo terminals'],
  [3, 0, 255, 'BSD pseudo terminals'],
  [4, 0, 255, 'consoles'],
  [5, 0, 2, 'tty, console and ptmx'],
  [7, 0, 255, 'console memory'],
  [10, 200, 200, 'tun'],
  [10, 229, 229, 'fuse'],
  [136, 0, 255, 'pseudo terminals'],
];

/**
 * Whether a node is one of an ordinary /dev. A container gets its /dev from the host when it starts, so no node
 * of an archive is ever made; one that is not ordinary says that the archive wants something else.
 */
export function isOrdinaryDevice(type: 'character' | 'block', major: number, minor: number): boolean {
  if (type === 'block') return false;
  return ordinary.some(([row, first, last]) => row === major && minor >= first && minor <= last);
}
