// Control group files, of either hierarchy, and the elements that say the same.
// SPDX-License-Identifier: Apache-2.0
import { type Blkiotune, type Domain, type Hostdev, parseSize } from '@ctvirt/xml';
import { ubcOf, ubcOutcome } from './beancounters.js';
import { withCputune, withDevice, withMemtune, withNodeset, withVcpu } from './edit.js';
import type { HostFacts } from './format.js';
import { readAmount, readKiB as readBytes } from './numbers.js';
import { parseBitmap } from './openvz/values.js';
import { approximated, carried, ignored, type Outcome } from './outcome.js';

type GroupRead = (domain: Domain, value: string, facts: HostFacts) => Outcome | undefined;

const unlimitedWords = new Set(['max', '-1', 'unlimited', 'infinity']);

/** A size in KiB, rounded down as the kernel does to pages; 'none' for no limit. */
function readKiB(value: string): number | 'none' | undefined {
  if (unlimitedWords.has(value)) return 'none';
  const exact = readBytes(value);
  if (exact !== undefined) return exact;
  const bytes = parseSize(value);
  return bytes === undefined ? undefined : Math.floor(bytes / 1024);
}

/** A memory setting: both hierarchies may give it, the first one counts. */
const memory =
  (
    get: (domain: Domain) => number | undefined,
    set: (domain: Domain, kib: number) => Domain,
    how: string,
  ): GroupRead =>
  (domain, value) => {
    const kib = readKiB(value);
    if (kib === undefined) return ignored(`${value} is no size`);
    if (kib === 'none') return carried(domain, 'no limit');
    const known = get(domain);
    if (known !== undefined && known !== kib) return ignored('the other hierarchy says otherwise');
    return carried(set(domain, kib), how);
  };

const memoryMax = memory(
  ({ memtune }) => memtune?.hardLimitKiB,
  (domain, kib) => ({ ...withMemtune(domain, { hardLimitKiB: kib }), memoryKiB: kib }),
  'memory and hard_limit',
);
const memoryHigh = memory(
  ({ memtune }) => memtune?.softLimitKiB,
  (domain, kib) => withMemtune(domain, { softLimitKiB: kib }),
  'soft_limit',
);
const memoryLow = memory(
  ({ memtune }) => memtune?.minGuaranteeKiB,
  (domain, kib) => withMemtune(domain, { minGuaranteeKiB: kib }),
  'min_guarantee',
);
const memoryAndSwap = memory(
  ({ memtune }) => memtune?.swapHardLimitKiB,
  (domain, kib) => withMemtune(domain, { swapHardLimitKiB: kib }),
  'swap_hard_limit',
);

/** v2 counts swap alone: the reader sees to it that memory.max came first. */
const swapMax: GroupRead = (domain, value) => {
  const kib = readKiB(value);
  const ram = domain.memtune?.hardLimitKiB;
  if (kib === undefined) return ignored(`${value} is no size`);
  if (kib === 'none') return carried(domain, 'no limit');
  if (ram === undefined) return ignored('there is no limit on memory to add it to');
  const both = ram + kib;
  const known = domain.memtune?.swapHardLimitKiB;
  if (known !== undefined && known !== both) return ignored('the other hierarchy says otherwise');
  return carried(withMemtune(domain, { swapHardLimitKiB: both }), 'swap_hard_limit');
};

const count =
  (key: string, least: number, most: number, set: (domain: Domain, value: number) => Domain): GroupRead =>
  (domain, value) => {
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number === -1) return carried(domain, 'no limit');
    return number >= least && number <= most
      ? carried(set(domain, number), key)
      : ignored(`${value} is not ${least} to ${most}`);
  };

const setOnce = (key: 'shares' | 'quota' | 'period') => (domain: Domain, value: number) =>
  domain.cputune?.[key] === undefined ? withCputune(domain, { [key]: value }) : domain;

const cpuWeight: GroupRead = (domain, value) => {
  const weight = Number(value);
  if (!/^\d{1,5}$/.test(value) || weight < 1 || weight > 10_000) return ignored(`${value} is not 1 to 10000`);
  const shares = Math.round((weight * 1024) / 100);
  const known = domain.cputune?.shares;
  if (known === undefined) return carried(withCputune(domain, { shares }), 'shares');
  return Math.min(10_000, Math.max(1, Math.round((known * 100) / 1024))) === weight
    ? carried(domain, 'shares')
    : ignored('the other hierarchy says otherwise');
};

const cpuMax: GroupRead = (domain, value) => {
  const [quota = '', period = '100000'] = value.split(/\s+/);
  if (quota === 'max') return carried(domain, 'no limit');
  if (!/^\d{1,12}$/.test(quota) || !/^\d{4,7}$/.test(period))
    return ignored(`${value} is not "QUOTA PERIOD"`);
  if (domain.cputune?.quota !== undefined)
    return domain.cputune.quota === Number(quota)
      ? carried(domain, 'quota')
      : ignored('the other hierarchy says otherwise');
  return carried(withCputune(domain, { period: Number(period), quota: Number(quota) }), 'quota and period');
};

const cpus: GroupRead = (domain, value, facts) => {
  const cpuset = parseBitmap(value);
  return cpuset === undefined
    ? ignored(`${value} is no list of processors`)
    : carried(withVcpu(domain, { cpuset }, facts.cpus), "vcpu's cpuset");
};
const mems: GroupRead = (domain, value) => {
  const nodeset = parseBitmap(value);
  return nodeset === undefined
    ? ignored(`${value} is no list of nodes`)
    : carried(withNodeset(domain, nodeset), "numatune's nodeset");
};

const beancounter =
  (key: string, how: string): GroupRead =>
  (domain, value) => {
    if (unlimitedWords.has(value)) return carried(domain, 'no limit');
    if (!/^\d{1,19}$/.test(value)) return ignored(`${value} is no number`);
    const amount = BigInt(value);
    const known = ubcOf(domain, key);
    if (known === undefined) return ubcOutcome(domain, key, { barrier: amount, limit: amount }, how);
    return known.limit === amount ? carried(domain, how) : ignored('the other hierarchy says otherwise');
  };

const ioWeight: GroupRead = (domain, value) => {
  const [first = '', second] = value.split(/\s+/);
  const weight = second === undefined || first === 'default' ? Number(second ?? first) : Number.NaN;
  if (!Number.isInteger(weight) || weight < 1 || weight > 10_000)
    return ignored(`${value} is no weight of all devices`);
  return carried({ ...domain, blkiotune: { ...domain.blkiotune, weight } }, 'weight in blkiotune');
};

type IoDevice = NonNullable<Blkiotune['devices']>[number];

function withIoDevice(domain: Domain, path: string, set: Partial<IoDevice>): Domain {
  const devices = domain.blkiotune?.devices ?? [];
  const known = devices.find((device) => device.path === path);
  const next = { path, ...known, ...set };
  const others = devices.map((device) => (device === known ? next : device));
  return {
    ...domain,
    blkiotune: { ...domain.blkiotune, devices: known === undefined ? [...devices, next] : others },
  };
}

const noLimitSoHigh = 'no limit: no disk is as fast';
const devicePath = (number: string): string | undefined =>
  /^\d{1,4}:\d{1,7}$/.test(number) ? `/dev/block/${number}` : undefined;

const throttle =
  (field: keyof IoDevice): GroupRead =>
  (domain, value) => {
    const [number = '', amount = ''] = value.split(/\s+/);
    const path = devicePath(number);
    const most = readAmount(amount);
    if (path === undefined || most === undefined) return ignored(`${value} is not "MAJOR:MINOR AMOUNT"`);
    return most === 'none'
      ? approximated(domain, noLimitSoHigh)
      : carried(withIoDevice(domain, path, { [field]: most }), 'device in blkiotune');
  };

const ioMaxFields: Readonly<Record<string, keyof IoDevice>> = {
  rbps: 'readBytesSec',
  wbps: 'writeBytesSec',
  riops: 'readIopsSec',
  wiops: 'writeIopsSec',
};

const ioMax: GroupRead = (domain, value) => {
  const [number = '', ...pairs] = value.split(/\s+/);
  const path = devicePath(number);
  if (path === undefined) return ignored(`${value} does not begin with MAJOR:MINOR`);
  let result = domain;
  let isWhole = true;
  for (const pair of pairs) {
    const [word = '', amount = ''] = pair.split('=');
    const field = Object.hasOwn(ioMaxFields, word) ? ioMaxFields[word] : undefined;
    const most = amount === 'max' ? undefined : readAmount(amount);
    if (field === undefined || (most === undefined && amount !== 'max'))
      return ignored(`${pair} is no limit`);
    if (typeof most === 'number') result = withIoDevice(result, path, { [field]: most });
    else isWhole &&= most === undefined;
  }
  const how = 'device in blkiotune';
  return isWhole ? carried(result, how) : approximated(result, `${how}; ${noLimitSoHigh}`);
};

/** Devices every container has, by number. */
const usual = new Set([
  '1:3',
  '1:5',
  '1:7',
  '1:8',
  '1:9',
  '5:0',
  '5:1',
  '5:2',
  '4:0',
  '4:1',
  '254:0',
  '136:*',
  '*:*',
]);
const wellKnown: Readonly<Record<string, string>> = {
  'c 10:200': '/dev/net/tun',
  'c 10:229': '/dev/fuse',
  'c 108:0': '/dev/ppp',
  'c 10:232': '/dev/kvm',
  'c 10:228': '/dev/hpet',
};

/** A character device that is bound under its own name. */
export function withBoundDevice(domain: Domain, path: string): Domain | undefined {
  const known = Object.values(wellKnown).includes(path);
  return known
    ? withDevice(domain, { type: 'misc', mode: 'capabilities', source: { char: path } })
    : undefined;
}

/** `c 10:200` as the device it is, by name where that is known; undefined for a pattern. */
function deviceOf(kind: string, number: string): Hostdev | undefined {
  const name = `${kind} ${number}`;
  const char = Object.hasOwn(wellKnown, name) ? wellKnown[name] : undefined;
  if (char !== undefined) return { type: 'misc', mode: 'capabilities', source: { char } };
  if (devicePath(number) === undefined) return undefined;
  if (kind === 'b')
    return { type: 'storage', mode: 'capabilities', source: { block: `/dev/block/${number}` } };
  return kind === 'c'
    ? { type: 'misc', mode: 'capabilities', source: { char: `/dev/char/${number}` } }
    : undefined;
}

const devicesAllow: GroupRead = (domain, value) => {
  const [kind = '', number = ''] = value.split(/\s+/);
  if (usual.has(number)) return carried(domain, 'every container has it');
  const hostdev = deviceOf(kind, number);
  return hostdev === undefined ? undefined : carried(withDevice(domain, hostdev), 'hostdev');
};

const shares = count('shares', 2, 262_144, setOnce('shares'));
const quota = count('quota', 1000, 10 ** 12, setOnce('quota'));
const period = count('period', 1000, 1_000_000, setOnce('period'));
const pids = beancounter('NUMPROC', 'parameter numproc');

/** By file of the control group; v1 files first, then v2's. */
const groupFiles: Readonly<Record<string, GroupRead>> = {
  'memory.limit_in_bytes': memoryMax,
  'memory.soft_limit_in_bytes': memoryHigh,
  'memory.memsw.limit_in_bytes': memoryAndSwap,
  'cpu.shares': shares,
  'cpu.cfs_quota_us': quota,
  'cpu.cfs_period_us': period,
  'cpuset.cpus': cpus,
  'cpuset.mems': mems,
  'pids.max': pids,
  'blkio.weight': ioWeight,
  'blkio.bfq.weight': ioWeight,
  'blkio.device_weight': throttle('weight'),
  'blkio.weight_device': throttle('weight'),
  'blkio.bfq.weight_device': throttle('weight'),
  'blkio.throttle.read_bps_device': throttle('readBytesSec'),
  'blkio.throttle.write_bps_device': throttle('writeBytesSec'),
  'blkio.throttle.read_iops_device': throttle('readIopsSec'),
  'blkio.throttle.write_iops_device': throttle('writeIopsSec'),
  'memory.max': memoryMax,
  'memory.high': memoryHigh,
  'memory.low': memoryLow,
  'memory.swap.max': swapMax,
  'cpu.weight': cpuWeight,
  'cpu.max': cpuMax,
  'io.weight': ioWeight,
  'io.bfq.weight': ioWeight,
  'io.max': ioMax,
  'devices.allow': devicesAllow,
  'devices.deny': (domain) => carried(domain, 'everything not allowed is denied'),
};

/** Reads one line of a control group file; undefined for what no element holds. */
export function readGroupFile(
  domain: Domain,
  file: string,
  value: string,
  facts: HostFacts,
): Outcome | undefined {
  return (Object.hasOwn(groupFiles, file) ? groupFiles[file] : undefined)?.(domain, value, facts);
}

/** Whether some element holds the file. */
export function isGroupFile(file: string): boolean {
  return Object.hasOwn(groupFiles, file);
}

/** memory.swap.max needs memory.max, wherever it stands: files are read in this order. */
export function groupRank(file: string): number {
  return file.endsWith('memory.swap.max') ? 1 : 0;
}
