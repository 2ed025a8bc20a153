// The beancounters of memory both ways: RAM, swap, allocation and guarantee, in classic and in VSwap configurations.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, memoryLimitKiB } from '@ctvirt/xml';
import { beancounterOf, ubcOf, ubcOutcome } from '../../beancounters.js';
import { withMemtune } from '../../edit.js';
import { approximated, carried, ignored, type Outcome } from '../../outcome.js';
import { isUnlimited, readPages, toKiB, toPages } from '../memory.js';
import { ownWord, type Parameter, type TwoWay } from '../parameter.js';
import { formatUbc, formatUbcPlain, type Ubc, unlimited } from '../values.js';
import { withoutMemory, withoutMemtune } from '../without.js';

type Ways = TwoWay & Pick<Parameter, 'forget' | 'together'>;

const keep = (domain: Domain, key: string, pages: Ubc, how: string): Outcome =>
  beancounterOf(domain, key) === undefined ? ubcOutcome(domain, key, pages, how) : ownWord;

/** With VSwap it is the memory limit; otherwise, or without a limit, it is kept as a beancounter. */
export const physpages: Ways = {
  together: ['SWAPPAGES'],
  read(domain, value, context) {
    const pages = readPages(value, context);
    if (!context.vswap || isUnlimited(pages.limit))
      return keep(domain, 'PHYSPAGES', pages, 'beancounter physpages');
    if (memoryLimitKiB(domain) !== undefined) return ownWord;
    const kib = toKiB(pages.limit, context.pageSize);
    return carried(
      { ...withMemtune(domain, { hardLimitKiB: kib }), memoryKiB: kib },
      'memory and hard_limit',
    );
  },
  write(domain, { pageSize, vswap }) {
    const kib = memoryLimitKiB(domain);
    if (vswap && kib !== undefined) return formatUbc({ barrier: 0n, limit: toPages(kib, pageSize) });
    const kept = ubcOf(domain, 'PHYSPAGES');
    return kept === undefined ? undefined : formatUbc(kept);
  },
  forget: withoutMemory,
};

/** Without VSwap it is the memory limit, its barrier the soft one; otherwise it is kept as a beancounter. */
export const privvmpages: Ways = {
  together: ['SWAPPAGES'],
  read(domain, value, context) {
    const pages = readPages(value, context);
    if (context.vswap || isUnlimited(pages.limit))
      return keep(domain, 'PRIVVMPAGES', pages, 'beancounter privvmpages');
    if (memoryLimitKiB(domain) !== undefined) return ownWord;
    const hardLimitKiB = toKiB(pages.limit, context.pageSize);
    const softLimitKiB = isUnlimited(pages.barrier) ? hardLimitKiB : toKiB(pages.barrier, context.pageSize);
    return approximated(
      { ...withMemtune(domain, { hardLimitKiB, softLimitKiB }), memoryKiB: hardLimitKiB },
      'memory, soft_limit and hard_limit: memory in use is limited, not its allocation',
    );
  },
  write(domain, { pageSize, vswap }) {
    const kept = ubcOf(domain, 'PRIVVMPAGES');
    // libvirt's driver reads this key only as two plain numbers; without any limit there is nothing for it to read.
    if (kept !== undefined)
      return kept.barrier >= unlimited && kept.limit >= unlimited ? formatUbc(kept) : formatUbcPlain(kept);
    const hard = memoryLimitKiB(domain);
    if (vswap || hard === undefined) return undefined;
    const limit = toPages(hard, pageSize);
    const soft = domain.memtune?.softLimitKiB;
    const barrier = toPages(Math.min(soft ?? hard, hard), pageSize);
    return formatUbcPlain({ barrier, limit });
  },
  // The memory of VSwap is that of PHYSPAGES.
  forget: (domain, { vswap }) => (vswap ? domain : withoutMemory(domain)),
};

/** Swap alone, where a document counts memory and swap together; kept as a beancounter where memory has no limit. */
export const swappages: Ways = {
  read(domain, value, context) {
    const pages = readPages(value, context);
    const ram = memoryLimitKiB(domain);
    if (ram === undefined || isUnlimited(pages.limit))
      return keep(domain, 'SWAPPAGES', pages, 'beancounter swappages');
    if (domain.memtune?.swapHardLimitKiB !== undefined) return ownWord;
    const kib = ram + toKiB(pages.limit, context.pageSize);
    return carried(
      withMemtune(domain, { swapHardLimitKiB: kib }),
      'swap_hard_limit, which counts memory too',
    );
  },
  write(domain, { pageSize }) {
    const [ram, both] = [memoryLimitKiB(domain), domain.memtune?.swapHardLimitKiB];
    if (ram !== undefined && both !== undefined)
      return formatUbc({ barrier: 0n, limit: toPages(Math.max(0, both - ram), pageSize) });
    const kept = ubcOf(domain, 'SWAPPAGES');
    return kept === undefined ? undefined : formatUbc(kept);
  },
  forget: (domain) => withoutMemtune(domain, 'swapHardLimitKiB'),
};

/** Its barrier is `min_guarantee`, never above the memory there is unless it was asked for. */
export const vmguarpages: Ways = {
  read(domain, value, context) {
    const { barrier } = readPages(value, context);
    if (domain.memtune?.minGuaranteeKiB !== undefined) return ownWord;
    if (isUnlimited(barrier)) return ignored('no host can guarantee unlimited memory');
    const wanted = toKiB(barrier, context.pageSize);
    const most = context.isAsked ? wanted : (memoryLimitKiB(domain) ?? wanted);
    const minGuaranteeKiB = Math.min(wanted, most);
    const with_ = withMemtune(domain, { minGuaranteeKiB });
    return wanted > most
      ? approximated(with_, 'min_guarantee, lowered to the memory there is')
      : carried(with_, 'min_guarantee');
  },
  write(domain, { pageSize }) {
    const kib = domain.memtune?.minGuaranteeKiB;
    return kib === undefined ? undefined : formatUbc({ barrier: toPages(kib, pageSize), limit: unlimited });
  },
  forget: (domain) => withoutMemtune(domain, 'minGuaranteeKiB'),
};
