// Processors of domains: their number, where they may run, and the time they used.
// SPDX-License-Identifier: Apache-2.0
import { availableParallelism, cpus } from 'node:os';
import type { TypedParam } from '@ctvirt/rpc';
import { currentVcpus, type Domain, maxVcpus } from '@ctvirt/xml';
import { type Bind, domainOf, runningDomainOf, type Session } from '../session.js';
import { affectedBy } from '../words/affect.js';
import { amend, typedParam } from '../words/parameters.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { fromCpuMap, placeOf, placesOf, toCpuMap, withPins } from './pinning.js';

const vcpuFlags = { maximum: 4, guest: 8 } as const;
/** virVcpuState and virVcpuHostCpuState: it runs, and the kernel does not say where. */
const vcpuRunning = 1;
const somewhere = -2;

/** Processors a domain may have at most, and has: all of the host's, if its document says nothing. */
export const vcpusOf = (domain: Domain): { maximum: number; current: number } => ({
  maximum: maxVcpus(domain) ?? availableParallelism(),
  current: currentVcpus(domain) ?? availableParallelism(),
});

/**
 * The document with that number. A container's processors are a share of the host's time, so its maximum is raised along where
 * libvirt would refuse; a lower number leaves it as it is, unless the maximum is what is set.
 */
export const setVcpus =
  (count: number, isMaximum: boolean) =>
  (before: Domain): Domain => {
    const { vcpu } = before;
    const value = isMaximum ? count : Math.max(count, vcpu?.value ?? count);
    const now = isMaximum ? Math.min(vcpu?.current ?? count, count) : count;
    const domain = {
      ...before,
      vcpu: { placement: 'static' as const, ...vcpu, value, current: now === value ? undefined : now },
    };
    const isPinned = (before.cputune?.vcpupins ?? []).length > 0;
    return isPinned ? withPins(domain, placesOf(domain, count, cpus().length), cpus().length) : domain;
  };

/** The most bytes of a map of processors on the wire. */
const mapBytes = (asked: number): number => Math.min(Math.max(0, asked), 2048);

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
  /** Its processors are not counted apart: each has an equal share of what the domain used. */
  const vcpuInfo = async (uuid: string, maxinfo: number, maplen: number) => {
    const document = await engine.document(uuid);
    const { current } = vcpusOf(document);
    const count = Math.min(current, Math.max(0, maxinfo));
    const total = BigInt(engine.counters(uuid).cpu().totalNs ?? 0);
    const cpuTime = count === 0 ? 0n : total / BigInt(current);
    const info = Array.from({ length: count }, (_, number) => ({
      number,
      state: vcpuRunning,
      cpuTime,
      cpu: somewhere,
    }));
    const pins = placesOf(document, count, cpus().length);
    return { info, cpumaps: Buffer.concat(pins.map((pin) => toCpuMap(pin, maplen))) };
  };
  const pin = async (
    { dom, vcpu, cpumap, flags }: { dom: { uuid: string }; vcpu: number; cpumap: Uint8Array; flags: number },
    session: Session,
    name: string,
  ): Promise<void> => {
    const domain = domainOf(engine, session, dom);
    const affected = affectedBy(flags, domain, name);
    const hostCount = cpus().length;
    const wanted = fromCpuMap(cpumap, hostCount);
    const sides = { live: affected.live, persistent: affected.stored };
    for (const [side, isMeant] of Object.entries(sides)) {
      if (!isMeant) continue;
      const document = await engine.document(domain.uuid, { inactive: side === 'persistent' });
      const count = vcpusOf(document).maximum;
      if (vcpu >= count)
        throw refusal('invalidArg', 'domain', `vcpu ${vcpu} is out of range of ${side} cpu count ${count}`);
    }
    await amend(engine, domain, affected, (before) => {
      const pins = placesOf(before, vcpusOf(before).maximum, hostCount);
      return withPins(before, pins.with(vcpu, wanted), hostCount);
    });
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
      const { live } = affectedBy(flags & ~vcpuFlags.maximum, domain, name);
      const document = await engine.document(domain.uuid, { inactive: !live });
      const { maximum, current } = vcpusOf(document);
      return { num: (flags & vcpuFlags.maximum) === 0 ? current : maximum };
    },
    domainGetVcpus: ({ dom, maxinfo, maplen }, { session }) =>
      vcpuInfo(runningDomainOf(engine, session, dom).uuid, maxinfo, mapBytes(maplen)),
    domainPinVcpu: ({ dom, vcpu, cpumap }, { session, name }) =>
      pin({ dom: runningDomainOf(engine, session, dom), vcpu, cpumap, flags: 1 }, session, name),
    domainPinVcpuFlags: (args, { session, name }) => pin(args, session, name),
    async domainGetVcpuPinInfo({ dom, ncpumaps, maplen, flags }, { session, name }) {
      const domain = domainOf(engine, session, dom);
      const { live } = affectedBy(flags, domain, name);
      const document = await engine.document(domain.uuid, { inactive: !live });
      const count = Math.min(Math.max(0, ncpumaps), vcpusOf(document).maximum);
      const pins = placesOf(document, count, cpus().length);
      return { cpumaps: Buffer.concat(pins.map((each) => toCpuMap(each, mapBytes(maplen)))), num: count };
    },
    async domainGetEmulatorPinInfo({ dom, maplen, flags }, { session, name }) {
      const domain = domainOf(engine, session, dom);
      const { live } = affectedBy(flags, domain, name);
      const document = await engine.document(domain.uuid, { inactive: !live });
      return { cpumaps: toCpuMap(placeOf(document, cpus().length), mapBytes(maplen)), ret: 1 };
    },
    domainGetCpuStats({ dom, nparams, startCpu, ncpus, flags }, { session, name }) {
      checkFlags(flags, 4, name);
      const counters = engine.counters(runningDomainOf(engine, session, dom).uuid);
      if (startCpu === -1) {
        const used = counters.cpu();
        const totals = [
          ['cpu_time', used.totalNs],
          ['user_time', used.userNs],
          ['system_time', used.systemNs],
        ] as const;
        if (nparams === 0) return { params: [], nparams: totals.length };
        const params = totals
          .slice(0, nparams)
          .flatMap(([field, ns]): TypedParam[] => (ns === null ? [] : [typedParam(field, 'ullong', ns)]));
        return { params, nparams: params.length };
      }
      const each = counters.processorTimesNs();
      if (each.length === 0)
        throw refusal(
          'operationUnsupported',
          'domain',
          'this kernel does not count the time of each processor',
        );
      if (ncpus === 0) return { params: [], nparams: each.length };
      if (startCpu >= each.length)
        throw refusal(
          'invalidArg',
          'domain',
          `start_cpu ${startCpu} larger than maximum of ${each.length - 1}`,
        );
      if (nparams === 0) return { params: [], nparams: 1 };
      const params = each.slice(startCpu, startCpu + ncpus).map((ns) => typedParam('cpu_time', 'ullong', ns));
      return { params, nparams: 1 };
    },
  };
};
