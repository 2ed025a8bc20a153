// Addresses of a network as numbers, and the subnets they lie in.
// SPDX-License-Identifier: Apache-2.0
import { familyOf, normalAddress } from '@ctvirt/xml';
import { addressBytes, addressText } from '../network/link-addresses.js';
import type { Family } from './contract/plan.js';

/** An address's number within all of its family. */
export const numberOf = (address: string): bigint => BigInt(`0x${addressBytes(address).toString('hex')}`);

export const addressOf = (number: bigint, family: Family): string =>
  normalAddress(addressText(Buffer.from(number.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex')));

/** Of a text that is an address. */
export const familyOfAddress = (address: string): Family => (familyOf(address) === 'ipv6' ? 6 : 4);

/** An address of it, and how long its prefix is. */
export interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
}

const freeBits = ({ family, prefix }: Subnet): bigint => BigInt((family === 4 ? 32 : 128) - prefix);

/** The first and the last address. */
export function endsOf(subnet: Subnet): { readonly first: bigint; readonly last: bigint } {
  const bits = freeBits(subnet);
  const first = (numberOf(subnet.address) >> bits) << bits;
  return { first, last: first + (1n << bits) - 1n };
}

export function isWithin(subnet: Subnet, address: string): boolean {
  if (familyOfAddress(address) !== subnet.family) return false;
  const { first, last } = endsOf(subnet);
  const number = numberOf(address);
  return first <= number && number <= last;
}
