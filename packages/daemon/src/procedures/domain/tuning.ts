// Limits and weights of domains as typed parameters: scheduler, memory, block I/O, NUMA.
// SPDX-License-Identifier: Apache-2.0
import type { TypedParam } from '@ctvirt/rpc';
import {
  type Blkiotune,
  type Cputune,
  type Domain,
  limitKiB,
  type Memtune,
  memoryLimitKiB,
  type Numatune,
  processorTimeOf,
  sharesRange,
  unlimitedKiB,
  weightRange,
} from '@ctvirt/xml';
import { type Bind, domainOf, type Session } from '../session.js';
import { askedDocument, stringFlag } from '../words/affect.js';
import { isEmpty, type Parameter, readParameters, writeParameters } from '../words/parameters.js';
import { refusal } from '../words/refusal.js';

const withCputune = (domain: Domain, change: Partial<Cputune>): Domain => ({
  ...domain,
  cputune: { ...domain.cputune, ...change },
});
const withMemtune = (domain: Domain, change: Partial<Memtune>): Domain => ({
  ...domain,
  memtune: { ...domain.memtune, ...change },
});

/** Beyond its bounds the kernel takes its nearest, and a client is told another number than it has. */
function within({ least, most }: { least: number; most: number }, field: string, value: number): number {
  if (value >= least && value <= most) return value;
  throw refusal('invalidArg', 'domain', `${field} '${value}' must be in range [${least}, ${most}]`);
}

/** The kernel's own values stand for what a document leaves out. */
const scheduler: readonly Parameter[] = [
  {
    field: 'cpu_shares',
    type: 'ullong',
    read: (domain) => processorTimeOf(domain).shares,
    write: (domain, shares) => withCputune(domain, { shares: within(sharesRange, 'cpu_shares', shares) }),
  },
  {
    field: 'vcpu_period',
    type: 'ullong',
    read: (domain) => processorTimeOf(domain).periodUs,
    write: (domain, period) => withCputune(domain, { period }),
  },
  {
    field: 'vcpu_quota',
    type: 'llong',
    read: (domain) => processorTimeOf(domain).quotaUs,
    write: (domain, quota) => withCputune(domain, { quota: quota < 0 ? undefined : quota }),
  },
];

const memory: readonly Parameter[] = [
  {
    field: 'hard_limit',
    type: 'ullong',
    read: (domain, isLive) =>
      (isLive ? memoryLimitKiB(domain) : limitKiB(domain.memtune?.hardLimitKiB)) ?? unlimitedKiB,
    write: (domain, value) => withMemtune(domain, { hardLimitKiB: limitKiB(value) }),
  },
  {
    field: 'soft_limit',
    type: 'ullong',
    read: ({ memtune }) => memtune?.softLimitKiB ?? unlimitedKiB,
    write: (domain, value) => withMemtune(domain, { softLimitKiB: limitKiB(value) }),
  },
  {
    field: 'swap_hard_limit',
    type: 'ullong',
    read: ({ memtune }) => memtune?.swapHardLimitKiB ?? unlimitedKiB,
    write: (domain, value) => withMemtune(domain, { swapHardLimitKiB: limitKiB(value) }),
  },
];

type BlkioDevice = NonNullable<Blkiotune['devices']>[number];

/** `/dev/sda,100,/dev/sdb,200`: one value for each device. */
function deviceValues(field: string, text: string): Map<string, number> {
  const parts = text === '' ? [] : text.split(',');
  const values = new Map<string, number>();
  for (let at = 0; at < parts.length; at += 2) {
    const [path = '', value = ''] = parts.slice(at, at + 2);
    if (path === '' || !/^\d{1,15}$/.test(value))
      throw refusal('invalidArg', 'domain', `unable to parse blkio device '${field}' '${text}'`);
    values.set(path, Number(value));
  }
  return values;
}

/** Whether anything is said of it besides its path. */
const isSaid = ({ path: _, ...limits }: BlkioDevice): boolean => !isEmpty(limits);

function deviceParameter(field: string, key: Exclude<keyof BlkioDevice, 'path' | 'extras'>): Parameter {
  return {
    field,
    type: 'string',
    read: ({ blkiotune }) =>
      (blkiotune?.devices ?? [])
        .filter((device) => device[key] !== undefined)
        .map((device) => `${device.path},${device[key]}`)
        .join(','),
    write(domain, text) {
      const devices = new Map((domain.blkiotune?.devices ?? []).map((device) => [device.path, device]));
      for (const [path, value] of deviceValues(field, text)) {
        const device: BlkioDevice = { ...devices.get(path), path };
        devices.set(path, { ...device, [key]: value === 0 ? undefined : value });
      }
      const limited = [...devices.values()].filter(isSaid);
      return { ...domain, blkiotune: { ...domain.blkiotune, devices: limited } };
    },
  };
}

const blkio: readonly Parameter[] = [
  {
    field: 'weight',
    type: 'uint',
    read: ({ blkiotune }) => blkiotune?.weight ?? 0,
    write: (domain, weight) => ({
      ...domain,
      blkiotune: {
        ...domain.blkiotune,
        weight: weight === 0 ? undefined : within(weightRange, 'weight', weight),
      },
    }),
  },
  deviceParameter('device_weight', 'weight'),
  deviceParameter('device_read_iops_sec', 'readIopsSec'),
  deviceParameter('device_write_iops_sec', 'writeIopsSec'),
  deviceParameter('device_read_bytes_sec', 'readBytesSec'),
  deviceParameter('device_write_bytes_sec', 'writeBytesSec'),
];

type NumaMemory = NonNullable<Numatune['memory']>;

/** virDomainNumatuneMemMode. */
const numaModes: readonly NumaMemory['mode'][] = ['strict', 'preferred', 'interleave', 'restrictive'];

const withNuma = (domain: Domain, change: Partial<NumaMemory>): Domain => ({
  ...domain,
  numatune: { ...domain.numatune, memory: { ...domain.numatune?.memory, ...change } },
});

const numa: readonly Parameter[] = [
  {
    field: 'numa_nodeset',
    type: 'string',
    read: ({ numatune }) => numatune?.memory?.nodeset ?? '',
    write: (domain, nodeset) => withNuma(domain, { nodeset: nodeset === '' ? undefined : nodeset }),
  },
  {
    field: 'numa_mode',
    type: 'int',
    onlyStored: true,
    read: ({ numatune }) => Math.max(0, numaModes.indexOf(numatune?.memory?.mode)),
    write(domain, number) {
      const mode = numaModes[number];
      if (mode === undefined) throw refusal('invalidArg', 'domain', `unsupported numatune mode: '${number}'`);
      return withNuma(domain, { mode });
    },
  },
];

/** Each kind a table of rows; a call with `nparams` 0 is answered with their number alone. */
export const bindDomainTuning: Bind = ({ engine }) => {
  const get =
    (rows: readonly Parameter[]) =>
    async (
      { dom, nparams, flags }: { dom: { uuid: string }; nparams: number; flags: number },
      { session, name }: { session: Session; name: string },
    ) => {
      const domain = domainOf(engine, session, dom);
      const { document, live } = await askedDocument(engine, domain, { flags, name }, stringFlag);
      return readParameters(rows, document, { isLive: live, nparams, flags });
    };
  const set =
    (rows: readonly Parameter[]) =>
    async (
      { dom, params, flags }: { dom: { uuid: string }; params: readonly TypedParam[]; flags: number },
      { session, name }: { session: Session; name: string },
    ) => {
      const domain = domainOf(engine, session, dom);
      await writeParameters(engine, domain, rows, { params, flags, name });
    };
  const getScheduler = get(scheduler);
  const setScheduler = set(scheduler);

  return {
    domainGetSchedulerType({ dom }, { session }) {
      domainOf(engine, session, dom);
      return { type: 'posix', nparams: scheduler.length };
    },
    domainGetSchedulerParameters: ({ dom, nparams }, call) => getScheduler({ dom, nparams, flags: 0 }, call),
    domainGetSchedulerParametersFlags: getScheduler,
    domainSetSchedulerParameters: ({ dom, params }, call) => setScheduler({ dom, params, flags: 0 }, call),
    domainSetSchedulerParametersFlags: setScheduler,
    domainGetMemoryParameters: get(memory),
    domainSetMemoryParameters: set(memory),
    domainGetBlkioParameters: get(blkio),
    domainSetBlkioParameters: set(blkio),
    domainGetNumaParameters: get(numa),
    domainSetNumaParameters: set(numa),
  };
};
