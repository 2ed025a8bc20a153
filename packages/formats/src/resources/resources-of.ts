// The limits of a domain as the numbers an engine enforces.
// SPDX-License-Identifier: Apache-2.0
import { commonPeriodUs, commonShares, type Domain, limitKiB, memoryLimitKiB } from '@ctvirt/xml';
import { parameterValue, ubcOf } from '../beancounters.js';
import { hasAllocationLimit, isClassic } from '../openvz/memory.js';
import type { Parameter } from '../openvz/parameter.js';
import { parseRate, parseUbc, type Ubc, unlimited } from '../openvz/values.js';
import { chosenOf, countOf, listOf, processorsOf } from './processors.js';
import type { IoDeviceLimits, ResourceStatus, Resources } from './resources.js';
import { resourceRules } from './rules.js';

/** Facts of the host that turn pages and shares of processors into numbers. */
export interface ResourceOptions {
  /** Of the host; the domain's beancounters count its pages. */
  readonly pageSize: number;
  readonly hostCpus: number;
}

/** Every limit of the domain; what is missing is unlimited. */
export function resourcesOf(domain: Domain, { pageSize, hostCpus }: ResourceOptions): Resources {
  const resources: Resources = {
    ...memoryOf(domain, pageSize),
    ...cpuOf(domain, hostCpus),
    ...ioOf(domain),
  };
  for (const { key, becomes } of resourceRules) {
    const ubc = ubcOf(domain, key);
    if (becomes === undefined || ubc === undefined) continue;
    const [field, from, as] = becomes;
    const number = finite(ubc[from], as === 'bytes' ? pageSize : 1);
    if (number !== undefined) resources[field] = number;
  }
  if (ubcOf(domain, 'NUMPROC') !== undefined && resources.pidsMax === undefined)
    resources.pidsUnlimited = true;
  return resources;
}

/** A limit as a number; undefined for unlimited, or for more than anyone has. */
function finite(value: bigint, scale = 1): number | undefined {
  const scaled = value * BigInt(scale);
  return scaled > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(scaled);
}

/** What OpenVZ counts apart from user memory, and a current kernel within it. */
export const kernelMemory: readonly string[] = resourceRules
  .filter(({ isKernelMemory }) => isKernelMemory)
  .map(({ key }) => key);

function kernelBytes(domain: Domain): number {
  return kernelMemory.reduce((sum, key) => sum + (finite(ubcOf(domain, key)?.limit ?? 0n) ?? 0), 0);
}

function memoryOf(domain: Domain, pageSize: number): Resources {
  const classic = isClassic(domain);
  const extra = classic ? kernelBytes(domain) : 0;
  const { softLimitKiB, minGuaranteeKiB, swapHardLimitKiB } = domain.memtune ?? {};
  const [soft, least, both] = [softLimitKiB, minGuaranteeKiB, swapHardLimitKiB].map(limitKiB);
  const hard = memoryLimitKiB(domain);
  const tcp = tcpBytes(domain);
  return {
    ...(hard === undefined ? {} : { memoryMaxBytes: hard * 1024 + extra }),
    ...(soft === undefined || soft >= (hard ?? Number.POSITIVE_INFINITY)
      ? {}
      : { memoryHighBytes: soft * 1024 + extra }),
    ...(least === undefined || least === 0 ? {} : { memoryLowBytes: least * 1024 }),
    ...swapOf(domain, { classic, hard, both, pageSize }),
    ...(tcp === undefined ? {} : { tcpBufferBytes: tcp }),
  };
}

interface SwapFacts {
  readonly classic: boolean;
  readonly hard: number | undefined;
  readonly both: number | undefined;
  readonly pageSize: number;
}

function swapOf(domain: Domain, { classic, hard, both, pageSize }: SwapFacts): Resources {
  if (hard !== undefined && both !== undefined) return { swapMaxBytes: Math.max(0, both - hard) * 1024 };
  const own = ubcOf(domain, 'SWAPPAGES');
  if (own !== undefined) {
    const bytes = finite(own.limit, pageSize);
    return bytes === undefined ? {} : { swapMaxBytes: bytes };
  }
  // PRIVVMPAGES limits memory wherever it lies: what could still be swapped out would pass the limit.
  return classic && hard !== undefined ? { swapMaxBytes: 0 } : {};
}

function tcpBytes(domain: Domain): number | undefined {
  const [send, receive] = [ubcOf(domain, 'TCPSNDBUF'), ubcOf(domain, 'TCPRCVBUF')];
  return send === undefined || receive === undefined ? undefined : finite(send.limit + receive.limit);
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** Below 1000 µs the kernel refuses a quota. */
const leastQuotaUs = 1000;

function cpuOf(domain: Domain, hostCpus: number): Resources {
  const { shares } = domain.cputune ?? {};
  const cpus = processorsOf(domain, hostCpus);
  const chosen = chosenOf(domain, hostCpus);
  const mems = listOf(domain.numatune?.memory?.nodeset);
  return {
    ...(shares === undefined
      ? {}
      : {
          cpuShares: clamp(shares, 2, 262_144),
          cpuWeight: clamp(Math.round((shares * 100) / commonShares), 1, 10_000),
        }),
    ...quotaOf(domain, hostCpus),
    ...(cpus === undefined ? {} : { cpusetCpus: cpus }),
    ...(chosen === undefined ? {} : { cpuCount: chosen }),
    ...(mems === undefined ? {} : { cpusetMems: mems }),
  };
}

/** The smallest of the domain's quotas and the time of its own number of processors. */
function quotaOf(domain: Domain, hostCpus: number): Resources {
  const { quota, period = commonPeriodUs, globalQuota, globalPeriod = commonPeriodUs } = domain.cputune ?? {};
  const count = countOf(domain, hostCpus);
  const ceilings = [
    { quotaUs: quota ?? -1, periodUs: period },
    { quotaUs: globalQuota ?? -1, periodUs: globalPeriod },
    { quotaUs: count === undefined ? -1 : count * period, periodUs: period },
  ].filter(({ quotaUs }) => quotaUs > 0);
  const least = ceilings.sort((a, b) => a.quotaUs / a.periodUs - b.quotaUs / b.periodUs)[0];
  if (least === undefined) return {};
  return { cpuQuotaUs: Math.max(leastQuotaUs, least.quotaUs), cpuPeriodUs: least.periodUs };
}

function ioOf(domain: Domain): Resources {
  const weight = domain.blkiotune?.weight;
  const rate = (key: string): number | undefined => {
    const value = finite(parseRate(parameterValue(domain, key) ?? '') ?? 0n);
    return value === 0 ? undefined : value;
  };
  const [bytes, operations] = [rate('IOLIMIT'), rate('IOPSLIMIT')];
  return {
    ...(weight === undefined ? {} : { ioWeight: clamp(weight, 1, 1000) }),
    ...(bytes === undefined ? {} : { ioBytesPerSecond: bytes }),
    ...(operations === undefined ? {} : { ioOperationsPerSecond: operations }),
    ...ioDevicesOf(domain),
  };
}

function ioDevicesOf({ blkiotune }: Domain): Resources {
  const devices = (blkiotune?.devices ?? []).flatMap((device): IoDeviceLimits[] => {
    const said = {
      weight: device.weight === undefined ? undefined : clamp(device.weight, 1, 1000),
      readBytesPerSecond: device.readBytesSec,
      writeBytesPerSecond: device.writeBytesSec,
      readOperationsPerSecond: device.readIopsSec,
      writeOperationsPerSecond: device.writeIopsSec,
    };
    const limits = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    return Object.keys(limits).length === 0 ? [] : [{ path: device.path, ...limits }];
  });
  return devices.length === 0 ? {} : { ioDevices: devices };
}

/** One parameter of a domain: what it is set to in OpenVZ's syntax, and what becomes of it here. */
export interface ResourceRow {
  readonly key: string;
  readonly value: string;
  readonly status: ResourceStatus;
  readonly how: string;
}

/** Every resource the domain says something about, whichever element it stands in. */
export function explainResources(domain: Domain, { pageSize, hostCpus }: ResourceOptions): ResourceRow[] {
  const context = { pageSize, cpus: hostCpus, ctid: 0, vswap: !hasAllocationLimit(domain) };
  return resourceRules.flatMap((rule) => {
    const { key, status, how } = rule;
    const value = rule.write(domain, context);
    if (value === undefined) return [];
    return isOff(value, rule)
      ? [{ key, value, status: 'recorded', how: 'no limit' }]
      : [{ key, value, status, how }];
  });
}

const isOff = (value: string, { syntax }: Parameter): boolean => {
  if (syntax === 'rate') return parseRate(value) === 0n;
  const ubc: Ubc | undefined = parseUbc(value, 'count', 1);
  return ubc !== undefined && ubc.limit >= unlimited && (ubc.barrier === 0n || ubc.barrier >= unlimited);
};
