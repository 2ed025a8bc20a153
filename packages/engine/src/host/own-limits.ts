// The limits of processes that this daemon may give away: beyond its own only with CAP_SYS_RESOURCE.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** Limits of a process by their names in /proc/self/limits. */
const names = { nofile: 'Max open files', memlockBytes: 'Max locked memory' } as const;
type Limit = keyof typeof names;
type Limits = { readonly [L in Limit]?: number | undefined };

const capabilities = { sysResource: 1n << 24n } as const;

/** Whether this process has a capability on the host. */
export function hasCapability(
  name: keyof typeof capabilities,
  status = readFileSync('/proc/self/status', 'utf8'),
): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return (effective & capabilities[name]) !== 0n;
}

/** This process's hard limits; none stands against it if it may raise any. */
export function ownCeilings(
  status = readFileSync('/proc/self/status', 'utf8'),
  limits = readFileSync('/proc/self/limits', 'utf8'),
): Limits {
  if (hasCapability('sysResource', status)) return {};
  const ceilings = Object.entries(names).flatMap(([limit, name]) => {
    const hard = new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(limits)?.[1];
    return hard === undefined ? [] : [[limit, Number(hard)]];
  });
  return Object.fromEntries(ceilings);
}

/** How many files this process may have open. */
export function openFilesLimit(limits = readFileSync('/proc/self/limits', 'utf8')): number {
  return Number(new RegExp(`^${names.nofile} +(\\d+)`, 'm').exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
}

/** The limits, none above its ceiling, and the names of those that were lowered to it. */
export function within<T extends Limits>(wanted: T, ceilings: Limits): { limits: T; lowered: Limit[] } {
  const lowered = (Object.keys(names) as Limit[]).filter(
    (limit) => (wanted[limit] ?? 0) > (ceilings[limit] ?? Number.POSITIVE_INFINITY),
  );
  const changes = Object.fromEntries(lowered.map((limit) => [limit, ceilings[limit]]));
  return { limits: { ...wanted, ...changes }, lowered };
}
