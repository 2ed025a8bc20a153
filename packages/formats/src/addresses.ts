// Addresses as native files spell them: with a prefix, with a mask, or with neither.
// SPDX-License-Identifier: Apache-2.0
import { familyOf, type Ip, prefixOf } from '@ctvirt/xml';

/** Of an address, as `<ip family='…'>` has it. */
export type Family = 'ipv4' | 'ipv6';

/** The prefix of an address alone, as liblxc has it: that of its class, or half of an IPv6 address. */
export function naturalPrefix(address: string, family: Family): number {
  if (family === 'ipv6') return 64;
  const first = Number(address.split('.', 1)[0]);
  if (first < 128) return 8;
  if (first < 192) return 16;
  return first < 224 ? 24 : 0;
}

/** 24 as `255.255.255.0`. */
export const maskOf = (prefix: number): string =>
  [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - from)))).join('.');

/** The last address of a network, which liblxc takes for its broadcast address where none is given. */
export function broadcastOf(address: string, prefix: number): string {
  const parts = address.split('.').map(Number);
  const mask = maskOf(prefix).split('.').map(Number);
  return parts.map((part, index) => part | (255 - (mask[index] ?? 255))).join('.');
}

/** `address[/prefix]`, a mask in the prefix's place too; undefined for anything else. */
export function readAddress(text: string): Ip | undefined {
  const [address = '', given, ...rest] = text.split('/');
  const family = familyOf(address);
  if (family === undefined || rest.length > 0) return undefined;
  if (given === undefined) return { address, family };
  const prefix = /^\d{1,3}$/.test(given) ? Number(given) : family === 'ipv4' ? prefixOf(given) : undefined;
  if (prefix === undefined || prefix > (family === 'ipv4' ? 32 : 128)) return undefined;
  return { address, family, prefix };
}

/** Whether an address is the one that stands for all, which is nobody's own. */
export const isUnspecified = (address: string): boolean => /^(0\.0\.0\.0|[0:]+)$/.test(address);

/** The address of a default route. */
export const everywhere = (family: Family): string => (family === 'ipv4' ? '0.0.0.0' : '::');
