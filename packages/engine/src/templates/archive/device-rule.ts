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

/** What a system of before udev has in there it has from a list of all there are: disks, memory, loop devices. */
const devices = /^(?:dev|(?:usr\/)?lib\/udev\/devices|etc\/udev\/devices)\//;

/**
 * Whether a node is left out. A container gets its /dev from the host when it starts, so no node of an archive is ever made; one that
 * is elsewhere and not ordinary says that the archive wants something else.
 */
export function isLeftOut(path: string, type: 'character' | 'block', major: number, minor: number): boolean {
  if (devices.test(path)) return true;
  if (type === 'block') return false;
  return ordinary.some(([row, first, last]) => row === major && minor >= first && minor <= last);
}
