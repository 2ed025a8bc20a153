// A domain without the elements that say a parameter.
// SPDX-License-Identifier: Apache-2.0
import type { Cputune, Domain, Memtune } from '@ctvirt/xml';

/** A copy without some of its members. */
export const omit = <T extends object, K extends keyof T>(from: T, names: readonly K[]): Omit<T, K> => {
  const rest = { ...from };
  for (const name of names) delete rest[name];
  return rest;
};
/** The domain without some limits of memory. */
export const withoutMemtune = (domain: Domain, ...names: (keyof Memtune)[]): Domain =>
  domain.memtune === undefined ? domain : { ...domain, memtune: omit(domain.memtune, names) };
/** The domain without some settings of processor time. */
export const withoutCputune = (domain: Domain, ...names: (keyof Cputune)[]): Domain =>
  domain.cputune === undefined ? domain : { ...domain, cputune: omit(domain.cputune, names) };
/** The domain without any size of its memory; the limit of swap and the guarantee stay. */
export const withoutMemory = (domain: Domain): Domain =>
  withoutMemtune(omit(domain, ['memoryKiB', 'currentMemoryKiB']), 'hardLimitKiB', 'softLimitKiB');
