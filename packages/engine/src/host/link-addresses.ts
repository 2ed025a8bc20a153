// Addresses the host itself has on some of its links, read without another program.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** Of IPv6 also those of a link that has no carrier yet, which is when they are looked for on the wire. */
export function addressesOn(links: ReadonlySet<string>): string[] {
  const v4 = Object.entries(networkInterfaces())
    .filter(([name]) => links.has(name))
    .flatMap(([, list]) => list ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  return [...v4, ...parseAddresses6(links, inet6())];
}

/** Lines of `ADDRESS INDEX PREFIX SCOPE FLAGS NAME`, in hexadecimal. */
export const parseAddresses6 = (links: ReadonlySet<string>, text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , , name = '']) => links.has(name))
    .map(([address = '']) => (address.match(/.{4}/g) ?? []).join(':'));

function inet6(): string {
  try {
    return readFileSync('/proc/self/net/if_inet6', 'utf8');
  } catch {
    return ''; // a kernel without IPv6
  }
}
