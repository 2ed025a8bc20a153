// The networks that addresses and prefixes stand for, and what lies in them.
// SPDX-License-Identifier: Apache-2.0
import { addressNumber, addressWidth, type Family, familyOf, prefixOf } from '../address.js';

/** Addresses of one family that have so many leading bits in common. */
export interface Subnet {
  readonly family: Family;
  /** Any of its addresses, as a number. */
  readonly address: bigint;
  readonly prefix: number;
}

/** What says a network: an address of it, and how long its prefix is. */
interface Statement {
  readonly address: string;
  readonly netmask?: string | undefined;
  readonly prefix?: number | undefined;
}

/** The prefix that libvirt takes where none is said: that of the class of an IPv4 address, 64 for IPv6. */
function commonPrefix(family: Family, address: bigint): number | undefined {
  if (address === 0n) return 0;
  if (family === 'ipv6') return 64;
  const first = address >> 24n;
  return first < 128n ? 8 : first < 192n ? 16 : first < 224n ? 24 : undefined;
}

/** Undefined for what is no address, or has no prefix. */
export function subnetOf({ address: text, netmask, prefix: said = 0 }: Statement): Subnet | undefined {
  const family = familyOf(text);
  const address = addressNumber(text);
  if (family === undefined || address === undefined) return undefined;
  const prefix = said > 0 ? said : netmask === undefined ? commonPrefix(family, address) : prefixOf(netmask);
  return prefix === undefined ? undefined : subnetAround(text, prefix);
}

/** Undefined for what is no address, or of a family whose addresses are shorter. */
export function subnetAround(text: string, prefix: number): Subnet | undefined {
  const family = familyOf(text);
  const address = addressNumber(text);
  if (family === undefined || address === undefined || prefix > addressWidth[family]) return undefined;
  return { family, address, prefix };
}

/** How many bits of an address are left to its hosts. */
const hostBits = ({ family, prefix }: Subnet): bigint => BigInt(addressWidth[family] - prefix);

/** Whether an address, as a text, lies in it. */
export function isWithin(subnet: Subnet, text: string): boolean {
  const address = addressNumber(text);
  if (address === undefined || familyOf(text) !== subnet.family) return false;
  const free = hostBits(subnet);
  return address >> free === subnet.address >> free;
}

/** Its first address and its last: of IPv4 the network's own and that for all of its hosts. */
export function endsOf(subnet: Subnet): Span {
  const free = hostBits(subnet);
  const first = (subnet.address >> free) << free;
  return { first, last: first + (1n << free) - 1n };
}

/** Addresses of one family that follow each other. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Spans that have an address in common, as the numbers of both, the later first; of those that clash with several one is told. Undefined
 * ones are left out.
 */
export function clashes(spans: readonly (Span | undefined)[]): readonly (readonly [number, number])[] {
  const sorted = spans
    .flatMap((span, at) => (span === undefined ? [] : [{ ...span, at }]))
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.at - b.at));
  const found: [number, number][] = [];
  let [furthest] = sorted;
  for (const span of sorted.slice(1)) {
    if (furthest === undefined) break;
    if (span.first <= furthest.last)
      found.push([Math.max(span.at, furthest.at), Math.min(span.at, furthest.at)]);
    if (span.last > furthest.last) furthest = span;
  }
  return found;
}
