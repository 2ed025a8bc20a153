// The programs that a daemon has started, to be killed one by one.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';

/** Those that domains or all of a host need are no part of an operation. */
const others = /^(lxc|\[lxc|dnsmasq|cat|node)/;

/** Below the process, youngest generation too; those that carry out operations. */
export function helpersOf(pid: number): { readonly pid: number; readonly name: string }[] {
  const found = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const [, name, parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(statOf(entry)) ?? [];
      return name === undefined ? [] : [{ pid: Number(entry), name, parent: Number(parent) }];
    });
  const below = (above: number): typeof found =>
    found.filter(({ parent }) => parent === above).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid).filter(({ name }) => !others.test(name));
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
