// Processors of domains: how many there are.
// SPDX-License-Identifier: Apache-2.0
import { availableParallelism, cpus } from 'node:os';
import { currentVcpus, type Domain, maxVcpus } from '@ctvirt/xml';
import { type Bind, domainOf, runningDomainOf, type Session } from '../session.js';
import { affectedBy, askedDocument } from '../words/affect.js';
import { amend } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';
import { placesOf, withPins } from './pinning.js';

const vcpuFlags = { maximum: 4, guest: 8 } as const;

/** Processors a domain may have at most, and has: all of the host's, if its document says nothing. */
export const vcpusOf = (domain: Domain): { maximum: number; current: number } => ({
  maximum: maxVcpus(domain) ?? availableParallelism(),
  current: currentVcpus(domain) ?? availableParallelism(),
});

/** How many the host has: so many bits of a map mean something. */
export const hostProcessors = (): number => cpus().length;

/**
 * The document with that number. A container's processors are a share of the host's time, so its maximum is raised along where
 * libvirt would refuse; a lower number leaves it as it is, unless the maximum is what is set.
 */
export const setVcpus =
  (count: number, isMaximum: boolean) =>
  (before: Domain): Domain => {
    const { vcpu } = before;
    const value = isMaximum ? count : Math.max(count, vcpu?.value ?? count);
    const now = isMaximum ? Math.min(vcpu?.current ?? vcpu?.value ?? count, count) : count;
    const domain = {
      ...before,
      vcpu: { placement: 'static' as const, ...vcpu, value, current: now === value ? undefined : now },
    };
    const isPinned = (before.cputune?.vcpupins ?? []).length > 0;
    return isPinned ? withPins(domain, placesOf(domain, count, hostProcessors()), hostProcessors()) : domain;
  };

/** Counts of them, live and stored, present and at most; those of an agent are refused. */
export const bindDomainProcessors: Bind = ({ engine }) => {
  const set = async (
    { dom, nvcpus, flags }: { dom: { uuid: string }; nvcpus: number; flags: number },
    session: Session,
    name: string,
  ): Promise<void> => {
    const domain = domainOf(engine, session, dom);
    if ((flags & vcpuFlags.guest) !== 0)
      throw refusal('operationUnsupported', 'domain', 'a container has no agent');
    const affected = affectedBy(flags & ~vcpuFlags.maximum, domain, name);
    const isMaximum = (flags & vcpuFlags.maximum) !== 0;
    if (nvcpus < 1) throw refusal('invalidArg', 'none', `nvcpus in ${name} must be greater than zero`);
    if (isMaximum && affected.live)
      throw refusal(
        'operationInvalid',
        'domain',
        'cannot change the maximum of processors of a running domain',
      );
    await amend(engine, domain, affected, setVcpus(nvcpus, isMaximum));
  };

  return {
    async domainGetMaxVcpus({ dom }, { session }) {
      const { uuid } = domainOf(engine, session, dom);
      return { num: vcpusOf(await engine.document(uuid)).maximum };
    },
    domainSetVcpus: ({ dom, nvcpus }, { session, name }) =>
      set({ dom: runningDomainOf(engine, session, dom), nvcpus, flags: 1 }, session, name),
    domainSetVcpusFlags: (args, { session, name }) => set(args, session, name),
    async domainGetVcpusFlags({ dom, flags }, { session, name }) {
      const domain = domainOf(engine, session, dom);
      if ((flags & vcpuFlags.guest) !== 0)
        throw refusal('operationUnsupported', 'domain', 'a container has no agent');
      const kept = flags & ~vcpuFlags.maximum;
      const { document } = await askedDocument(engine, domain, { flags: kept, name });
      const { maximum, current } = vcpusOf(document);
      return { num: (flags & vcpuFlags.maximum) === 0 ? current : maximum };
    },
  };
};
