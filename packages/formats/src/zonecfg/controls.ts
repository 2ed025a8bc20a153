// The resource controls of a zone, and the limits of a domain that say the same.
// SPDX-License-Identifier: Apache-2.0
import { commonPeriodUs, type Domain, parseSize } from '@ctvirt/xml';
import { ubcOf, withUbc } from '../beancounters.js';
import { withCputune, withMemtune, withVcpu } from '../edit.js';
import type { HostFacts } from '../format.js';
import { approximated, carried, ignored, type Outcome } from '../outcome.js';

/** `512M`, `1.5g`: a size in bytes, decimals allowed. */
export function zoneSize(text: string): number | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,6}))?([kmgt])?$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = parseSize(`1${match[3] ?? 'b'}`);
  const value = Number(`${match[1]}.${match[2] ?? '0'}`);
  const bytes = unit === undefined ? Number.NaN : Math.floor(value * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const mostShares = 262_144;

/** What Solaris means by no limit. */
export const noLimit = '18446744073709551615';

/** The controls of a zone that have an element, by rctl's name without `zone.`; sizes in bytes. */
export const controls: Readonly<
  Record<string, (domain: Domain, limit: number, facts: HostFacts) => Outcome>
> = {
  'cpu-shares'(domain, given) {
    if (domain.cputune?.shares !== undefined) return ignored('shares are set already');
    const shares = Math.min(mostShares, Math.max(2, given * 1024));
    const result = withCputune(domain, { shares });
    return shares === given * 1024
      ? carried(result, 'shares')
      : approximated(result, `shares: ${shares}, the nearest there are`);
  },
  'cpu-cap': (domain, percent) =>
    domain.cputune?.quota === undefined
      ? carried(
          withCputune(domain, { period: commonPeriodUs, quota: Math.max(1000, percent * 1000) }),
          'period and quota',
        )
      : ignored('a quota is set already'),
  'max-lwps': (domain, most) => carried(withLimit(domain, 'NUMPROC', most), 'parameter numproc'),
  'max-processes': (domain, most) =>
    ubcOf(domain, 'NUMPROC') === undefined
      ? approximated(
          withLimit(domain, 'NUMPROC', most * 10),
          'parameter numproc, ten threads for each process',
        )
      : ignored('max-lwps counts'),
  'max-swap': pages(
    'PRIVVMPAGES',
    'parameter privvmpages: here memory in use is limited, not its reservation',
  ),
  'max-locked-memory': pages('LOCKEDPAGES', 'parameter lockedpages'),
  'max-shm-memory': pages('SHMPAGES', 'parameter shmpages'),
  'max-physical-memory': (domain, bytes) => withPhysical(domain, bytes),
};

const withLimit = (domain: Domain, key: string, most: number): Domain =>
  withUbc(domain, key, { barrier: BigInt(most), limit: BigInt(most) });

function pages(key: string, how: string) {
  return (domain: Domain, bytes: number, { pageSize }: HostFacts): Outcome => {
    const count = Math.floor(bytes / pageSize);
    const result = withLimit(domain, key, count);
    return key !== 'PRIVVMPAGES' && count * pageSize === bytes
      ? carried(result, how)
      : approximated(result, how);
  };
}

/** capped-memory's physical: a daemon enforces it there, the kernel here. */
export function withPhysical(domain: Domain, bytes: number): Outcome {
  if (domain.memtune?.hardLimitKiB !== undefined) return ignored('memory is limited already');
  const kib = Math.floor(bytes / 1024);
  return approximated(
    { ...withMemtune(domain, { hardLimitKiB: kib }), memoryKiB: kib },
    'memory and hard_limit, which the kernel enforces at once',
  );
}

/** Number of processors in `2` or `1-4`: the most there may be. */
export function withProcessors(domain: Domain, text: string, host: HostFacts): Domain | undefined {
  const most = Number(/^(?:\d{1,4}-)?(\d{1,4})$/.exec(text)?.[1]);
  return most >= 1 ? withVcpu(domain, { value: most }, host.cpus) : undefined;
}
