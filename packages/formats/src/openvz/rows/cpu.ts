// Processor keys: weight, ceiling, number and placement.
// SPDX-License-Identifier: Apache-2.0
import { commonPeriodUs, currentVcpus, processorTimeOf } from '@ctvirt/xml';
import { parameterValue, withValue } from '../../beancounters.js';
import { withCputune, withNodeset, withVcpu } from '../../edit.js';
import { approximated, carried, ignored } from '../../outcome.js';
import { listOf } from '../../resources/processors.js';
import { inGroup, ownWord } from '../parameter.js';
import { parseBitmap, parseCpuLimit, parseUlong } from '../values.js';

import { omit, withoutCputune } from '../without.js';

/** In the order of a new file. */
export const cpuRows = inGroup('cpu', [
  {
    key: 'CPUUNITS',
    duplicates: 'first',
    syntax: 'ulong',
    unit: 'count',
    meaning: 'CPU weight and guarantee, 8 to 500000, usually 1000',
    status: 'enforced',
    how: 'CPU weight among the containers',
    read(domain, value) {
      const units = Number(parseUlong(value) ?? 1000n);
      if (domain.cputune?.shares !== undefined) return ownWord;
      if (units < 8 || units > 500_000) return ignored('CPUUNITS are 8 to 500000');
      return carried(withCputune(domain, { shares: Math.round((units * 1024) / 1000) }), 'shares');
    },
    write(domain) {
      const shares = domain.cputune?.shares;
      return shares === undefined
        ? undefined
        : String(Math.min(500_000, Math.max(8, Math.round((shares * 1000) / 1024))));
    },
    forget: (domain) => withoutCputune(domain, 'shares'),
  },
  {
    key: 'CPUUWEIGHT',
    duplicates: 'first',
    syntax: 'ulong',
    unit: 'count',
    meaning: 'raw scheduler weight, obsolete',
  },
  {
    key: 'CPULIMIT',
    duplicates: 'first',
    syntax: 'cpulimit',
    unit: 'percent',
    meaning: 'CPU ceiling: percent of one CPU, or with % of the node',
    status: 'enforced',
    how: 'CPU quota',
    read(domain, value, { cpus }) {
      const limit = parseCpuLimit(value);
      const { quota, globalQuota } = domain.cputune ?? {};
      if (quota !== undefined || globalQuota !== undefined) return ownWord;
      if (limit === undefined || limit.percent === 0) return carried(domain, 'no limit');
      const percent = limit.ofNode ? limit.percent * cpus : limit.percent;
      // One percent of a CPU is 1000 µs of it, the least the kernel takes.
      const set = {
        period: commonPeriodUs,
        quota: Math.max(1000, Math.round((percent * commonPeriodUs) / 100)),
      };
      return limit.ofNode
        ? approximated(withCputune(domain, set), `quota, of the ${cpus} processors of this host`)
        : carried(withCputune(domain, set), 'quota');
    },
    write(domain) {
      const { quotaUs, periodUs } = processorTimeOf(domain);
      return quotaUs > 0
        ? String(Math.max(0.001, Math.round((quotaUs * 100_000) / periodUs) / 1000))
        : undefined;
    },
    forget: (domain) => withoutCputune(domain, 'quota', 'period', 'globalQuota', 'globalPeriod'),
  },
  {
    key: 'CPUS',
    duplicates: 'first',
    syntax: 'ulong',
    unit: 'count',
    meaning: 'CPUs usable at once',
    status: 'enforced',
    how: 'CPU quota, and cpuset.cpus: as many processors, those on which the fewest containers run',
    together: ['CPUMASK'],
    read(domain, value, context) {
      const count = Number(parseUlong(value) ?? 0n);
      if (domain.vcpu !== undefined) return ownWord;
      if (count === 0 || count > 4096) return carried(domain, 'every processor of the host');
      return carried(withVcpu(domain, { value: count }, context.cpus), 'vcpu');
    },
    write: (domain) => currentVcpus(domain)?.toString(),
    forget: (domain) => omit(domain, ['vcpu']),
  },
  {
    key: 'CPUMASK',
    duplicates: 'first',
    syntax: 'bitmap',
    meaning: 'CPUs to run on; auto follows NODEMASK',
    status: 'enforced',
    how: 'cpuset.cpus',
    read(domain, value, context) {
      if (domain.vcpu?.cpuset !== undefined) return ownWord;
      if (value === 'auto') return approximated(withValue(domain, 'CPUMASK', value), 'parameter cpumask');
      const cpuset = parseBitmap(value);
      if (cpuset === undefined || cpuset === 'all') return carried(domain, 'every processor of the host');
      return carried(withVcpu(domain, { cpuset }, context.cpus), "vcpu's cpuset");
    },
    write: (domain) => listOf(domain.vcpu?.cpuset) ?? parameterValue(domain, 'CPUMASK'),
    forget: (domain) =>
      domain.vcpu === undefined ? domain : { ...domain, vcpu: omit(domain.vcpu, ['cpuset']) },
  },
  {
    key: 'NODEMASK',
    duplicates: 'first',
    syntax: 'bitmap',
    meaning: 'NUMA nodes',
    status: 'enforced',
    how: 'cpuset.mems',
    read(domain, value) {
      if (domain.numatune?.memory?.nodeset !== undefined) return ownWord;
      const nodeset = parseBitmap(value);
      if (nodeset === undefined || nodeset === 'all') return carried(domain, 'every node of the host');
      return carried(withNodeset(domain, nodeset), "numatune's nodeset");
    },
    write: (domain) => listOf(domain.numatune?.memory?.nodeset),
    forget: (domain) => omit(domain, ['numatune']),
  },
]);
