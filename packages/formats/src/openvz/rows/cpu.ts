// Processor keys: weight, ceiling, number and placement.
// SPDX-License-Identifier: Apache-2.0

import { parameterValue, withValue } from '../../beancounters.js';
import { withCputune, withNodeset, withVcpu } from '../../edit.js';
import { approximated, carried, ignored } from '../../outcome.js';
import { listOf } from '../../resources/processors.js';
import { ownWord, type Row } from '../row.js';
import { parseBitmap, parseCpuLimit, parseUlong } from '../values.js';

/** The scheduler's period; one percent of a CPU is 1000 µs of it, the least the kernel takes. */
export const cpuPeriodUs = 100_000;

const cpuunits: Row = {
  key: 'CPUUNITS',
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
};

const cpulimit: Row = {
  key: 'CPULIMIT',
  read(domain, value, { cpus }) {
    const limit = parseCpuLimit(value);
    const { quota, globalQuota } = domain.cputune ?? {};
    if (quota !== undefined || globalQuota !== undefined) return ownWord;
    if (limit === undefined || limit.percent === 0) return carried(domain, 'no limit');
    const percent = limit.ofNode ? limit.percent * cpus : limit.percent;
    const set = { period: cpuPeriodUs, quota: Math.max(1000, Math.round((percent * cpuPeriodUs) / 100)) };
    return limit.ofNode
      ? approximated(withCputune(domain, set), `quota, of the ${cpus} processors of this host`)
      : carried(withCputune(domain, set), 'quota');
  },
  write(domain) {
    const { quota, period = cpuPeriodUs } = domain.cputune ?? {};
    if (quota === undefined || quota <= 0) return undefined;
    return String(Math.max(0.001, Math.round((quota * 100_000) / period) / 1000));
  },
};

const cpus: Row = {
  key: 'CPUS',
  read(domain, value, context) {
    const count = Number(parseUlong(value) ?? 0n);
    if (domain.vcpu !== undefined) return ownWord;
    if (count === 0 || count > 4096) return carried(domain, 'every processor of the host');
    return carried(withVcpu(domain, { value: count }, context.cpus), 'vcpu');
  },
  write: (domain) => (domain.vcpu === undefined ? undefined : String(domain.vcpu.value)),
};

const cpumask: Row = {
  key: 'CPUMASK',
  read(domain, value, context) {
    if (domain.vcpu?.cpuset !== undefined) return ownWord;
    if (value === 'auto') return approximated(withValue(domain, 'CPUMASK', value), 'parameter cpumask');
    const cpuset = parseBitmap(value);
    if (cpuset === undefined || cpuset === 'all') return carried(domain, 'every processor of the host');
    return carried(withVcpu(domain, { cpuset }, context.cpus), "vcpu's cpuset");
  },
  write: (domain) => listOf(domain.vcpu?.cpuset) ?? parameterValue(domain, 'CPUMASK'),
};

const nodemask: Row = {
  key: 'NODEMASK',
  read(domain, value) {
    if (domain.numatune?.memory?.nodeset !== undefined) return ownWord;
    const nodeset = parseBitmap(value);
    if (nodeset === undefined || nodeset === 'all') return carried(domain, 'every node of the host');
    return carried(withNodeset(domain, nodeset), "numatune's nodeset");
  },
  write: (domain) => listOf(domain.numatune?.memory?.nodeset),
};

export const cpuRows: readonly Row[] = [cpuunits, cpulimit, cpus, cpumask, nodemask];
