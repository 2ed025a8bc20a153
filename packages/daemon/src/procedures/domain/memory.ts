// Memory of domains: how much they may have, have and use.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { currentMemoryKiB, type Domain, maxMemoryKiB } from '@ctvirt/xml';
import { type Bind, domainOf, runningDomainOf, type Session } from '../session.js';
import { affectedBy, affectFlags } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { hostMemoryKiB, memoryUseOf } from './memory-use.js';

const maximumFlag = 4;

/** What a domain may have at most and has by its document, in KiB: the host's, if that says nothing. */
export const memoryOf = (domain: Domain): { maximum: number; current: number } => ({
  maximum: maxMemoryKiB(domain) ?? hostMemoryKiB,
  current: currentMemoryKiB(domain) ?? hostMemoryKiB,
});

const setMaximum =
  (kib: number) =>
  (domain: Domain): Domain => ({
    ...domain,
    memoryKiB: kib,
    currentMemoryKiB:
      domain.currentMemoryKiB === undefined ? undefined : Math.min(domain.currentMemoryKiB, kib),
  });

/** Of a running domain the limit the kernel keeps goes along. */
const setCurrent =
  (kib: number, isLive: boolean) =>
  (domain: Domain): Domain => {
    if (kib > memoryOf(domain).maximum)
      throw refusal('invalidArg', 'domain', 'cannot set memory higher than max memory');
    const changed = { ...domain, currentMemoryKiB: kib };
    return isLive ? { ...changed, memtune: { ...domain.memtune, hardLimitKiB: kib } } : changed;
  };

/** virDomainMemoryStatTags. */
const tags = {
  swapIn: 0,
  majorFault: 2,
  minorFault: 3,
  unused: 4,
  available: 5,
  actual: 6,
  rss: 7,
  usable: 8,
  diskCaches: 10,
} as const;

/** Amounts are in KiB; the maximum of a running domain cannot be changed. */
export const bindDomainMemory: Bind = ({ engine }) => {
  const set = async (
    { dom, memory, flags }: { dom: { uuid: string }; memory: bigint; flags: number },
    session: Session,
    name: string,
  ): Promise<void> => {
    const domain = domainOf(engine, session, dom);
    const affected = affectedBy(flags & ~maximumFlag, domain, name);
    const kib = Number(memory);
    if (kib === 0) throw refusal('invalidArg', 'none', `memory in ${name} must not be zero`);
    if ((flags & maximumFlag) !== 0) {
      if (affected.live)
        throw refusal('operationInvalid', 'domain', 'Cannot resize the max memory on an active domain');
      await amend(engine, domain, affected, setMaximum(kib));
      return;
    }
    if (affected.stored) await amend(engine, domain, { live: false, stored: true }, setCurrent(kib, false));
    if (affected.live) await amend(engine, domain, { live: true, stored: false }, setCurrent(kib, true));
  };
  const statsOf = (domain: DomainSummary, document: Domain): [tag: number, kib: number | null][] => {
    const use = memoryUseOf(engine.counters(domain.uuid).memory());
    return [
      [tags.actual, memoryOf(document).current],
      // What of it is swapped out, as libvirt's LXC driver has it under this name.
      [tags.swapIn, use.swapKiB],
      [tags.majorFault, use.majorFaults],
      [tags.minorFault, use.minorFaults],
      [tags.unused, use.unusedKiB],
      [tags.available, use.availableKiB],
      [tags.usable, use.usableKiB],
      [tags.rss, use.rssKiB],
      [tags.diskCaches, use.cacheKiB],
    ];
  };

  return {
    async domainGetMaxMemory({ dom }, { session }) {
      const { uuid } = domainOf(engine, session, dom);
      return { memory: BigInt(memoryOf(await engine.document(uuid)).maximum) };
    },
    domainSetMaxMemory: ({ dom, memory }, { session, name }) =>
      set({ dom, memory, flags: maximumFlag }, session, name),
    domainSetMemory: ({ dom, memory }, { session, name }) =>
      set({ dom, memory, flags: affectFlags.live }, session, name),
    domainSetMemoryFlags: (args, { session, name }) => set(args, session, name),
    async domainMemoryStats({ dom, maxStats, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const domain = runningDomainOf(engine, session, dom);
      const stats = statsOf(domain, await engine.document(domain.uuid)).flatMap(([tag, kib]) =>
        kib === null ? [] : [{ tag, val: BigInt(kib) }],
      );
      return { stats: stats.slice(0, maxStats) };
    },
  };
};
