// Links and addresses as the kernel has them now, here or in a container, by iproute2's JSON.
// SPDX-License-Identifier: Apache-2.0

import { EngineError } from '../errors.js';
import type { LinkAddresses } from '../view.js';
import { run } from './run.js';

/** Links with their addresses, but not the loopback one; of the network namespace of a process, or at a path, if given. */
export async function linkAddresses(of?: number | string): Promise<LinkAddresses[]> {
  const path = typeof of === 'number' ? `/proc/${of}/ns/net` : of;
  const inside = path === undefined ? [] : ['/usr/bin/nsenter', `--net=${path}`, '--'];
  const [file = '', ...args] = [...inside, '/sbin/ip', '-json', '-details', 'address', 'show'];
  const { stdout } = await run([file, ...args], { timeoutMs: 10_000 });
  return parseAddresses(stdout);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const objects = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant
const inText = /[\0-\t\v-\x1f]/g;
const asEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A container gives its links any name, and clients write it on a terminal. */
export const printable = (name: string): string => name.replace(/[\p{Cc}\p{Cf}]/gu, asEscape);

/** Reads `ip -json -details address show`. iproute2 writes most control characters in names as they are, which is no JSON. */
export function parseAddresses(text: string): LinkAddresses[] {
  let links: unknown;
  try {
    links = JSON.parse(text === '' ? '[]' : text.replace(inText, asEscape));
  } catch (cause) {
    throw new EngineError('host-command', 'ip answered no JSON', {}, { cause });
  }
  return objects(links)
    .filter(({ link_type: type }) => type !== 'loopback')
    .map((link) => {
      const { ifname, address, flags, linkinfo } = link;
      return {
        name: String(ifname),
        mac: typeof address === 'string' ? address : null,
        up: Array.isArray(flags) && flags.includes('UP'),
        kind: isObject(linkinfo) ? String(linkinfo['info_kind']) : null,
        addresses: objects(link['addr_info'])
          .filter(({ scope }) => scope !== 'link')
          .map(({ family, local, prefixlen }) => ({
            family: family === 'inet6' ? (6 as const) : (4 as const),
            address: String(local),
            prefix: Number(prefixlen),
          })),
      };
    });
}
