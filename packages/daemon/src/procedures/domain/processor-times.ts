// Processors of domains: the time they used.
// SPDX-License-Identifier: Apache-2.0
import type { TypedParam } from '@ctvirt/rpc';
import { type Bind, runningDomainOf } from '../session.js';
import { typedParam } from '../words/parameters.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { mapBytes, placesOf, toCpuMap } from './pinning.js';
import { hostProcessors, vcpusOf } from './processors.js';

/** virVcpuState and virVcpuHostCpuState: it runs, and the kernel does not say where. */
const vcpuRunning = 1;
const somewhere = -2;

/** Times are in nanoseconds; the domain must run. */
export const bindDomainTimes: Bind = ({ engine }) => {
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
    const pins = placesOf(document, count, hostProcessors());
    return { info, cpumaps: Buffer.concat(pins.map((pin) => toCpuMap(pin, maplen))) };
  };

  return {
    domainGetVcpus: ({ dom, maxinfo, maplen }, { session }) =>
      vcpuInfo(runningDomainOf(engine, session, dom).uuid, maxinfo, mapBytes(maplen)),
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
