// Memory of a domain as OpenVZ's parameters say it, in classic and in VSwap configurations.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { ubcOf } from '../beancounters.js';
import type { ReadContext } from './parameter.js';
import { parseUbc, type Ubc, unlimited } from './values.js';

const kibPerPage = (pageSize: number): number => pageSize / 1024;
/** Pages as KiB, rounded up; pages are those of the host that the file is of. */
export const toKiB = (pages: bigint, pageSize: number): number =>
  Math.ceil(Number(pages) * kibPerPage(pageSize));
/** KiB as pages, rounded up, so that this lowers no limit. */
export const toPages = (kib: number, pageSize: number): bigint =>
  BigInt(Math.ceil(kib / kibPerPage(pageSize)));

/** 32-bit hosts wrote INT_MAX, and nobody has more than 2⁵² pages. */
export const isUnlimited = (pages: bigint): boolean => pages >= 2n ** 50n;

/** Barrier and limit in pages; a value that cannot be read is no limit. */
export const readPages = (value: string, context: ReadContext): Ubc =>
  parseUbc(value, 'pages', context.pageSize) ?? { barrier: unlimited, limit: unlimited };

/** A configuration is VSwap when PHYSPAGES has a limit. */
export function isVswap(values: ReadonlyMap<string, string>, pageSize: number): boolean {
  const pages = parseUbc(values.get('PHYSPAGES') ?? '', 'pages', pageSize);
  return pages !== undefined && !isUnlimited(pages.limit);
}

/** Whether a domain's memory is told as PRIVVMPAGES, with a barrier and a limit; VSwap knows a limit only. */
export function hasAllocationLimit({ memtune }: Domain): boolean {
  return memtune?.softLimitKiB !== undefined;
}

/** Whether its memory is counted the classic way: user memory in one limit, kernel memory in another. */
export function isClassic(domain: Domain): boolean {
  const kernel = ubcOf(domain, 'KMEMSIZE');
  return hasAllocationLimit(domain) && kernel !== undefined && kernel.limit < unlimited;
}
