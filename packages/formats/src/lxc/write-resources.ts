// The limits and devices of a domain as liblxc's control groups, resource limits and mounts.
// SPDX-License-Identifier: Apache-2.0
import { type Blkiotune, commonPeriodUs, type Hostdev } from '@ctvirt/xml';
import type { Resources } from '../resources/resources.js';
import type { Rows } from './rows.js';
import { formatMountEntry } from './write.js';

/** liblxc takes one of the two families, by the host it runs on, and leaves the other alone. */
export function writeGroups(resources: Resources, out: Rows): void {
  const { memoryMaxBytes: most, swapMaxBytes: swap, cpuQuotaUs: quota, cpuPeriodUs: period } = resources;
  const v1 = {
    'memory.limit_in_bytes': most,
    'memory.soft_limit_in_bytes': resources.memoryHighBytes,
    'memory.memsw.limit_in_bytes': most === undefined || swap === undefined ? undefined : most + swap,
    'cpu.shares': resources.cpuShares,
    'cpu.cfs_period_us': period,
    'cpu.cfs_quota_us': quota,
    'cpuset.cpus': resources.cpusetCpus,
    'cpuset.mems': resources.cpusetMems,
    'pids.max': resources.pidsMax,
    'blkio.bfq.weight': resources.ioWeight,
  };
  const v2 = {
    'memory.max': most,
    'memory.high': resources.memoryHighBytes,
    'memory.low': resources.memoryLowBytes,
    'memory.min': resources.memoryMinBytes,
    'memory.swap.max': swap,
    'cpu.weight': resources.cpuWeight,
    'cpu.max': quota === undefined ? undefined : `${quota} ${period ?? commonPeriodUs}`,
    'cpuset.cpus': resources.cpusetCpus,
    'cpuset.mems': resources.cpusetMems,
    'pids.max': resources.pidsMax,
    'io.bfq.weight': resources.ioWeight,
  };
  for (const [file, value] of Object.entries(v1)) out.put(`cgroup.${file}`, value);
  for (const [file, value] of Object.entries(v2)) out.put(`cgroup2.${file}`, value);
  out.put('prlimit.nofile', resources.nofile);
  out.put('prlimit.memlock', resources.memlockBytes);
  out.put('prlimit.sigpending', resources.sigpending);
  out.put('sysctl.kernel.shmall', resources.shmallPages);
  out.put('pty.max', resources.ptyMax === undefined ? undefined : resources.ptyMax + 1);
}

const throttles = [
  ['readBytesSec', 'read_bps', 'rbps'],
  ['writeBytesSec', 'write_bps', 'wbps'],
  ['readIopsSec', 'read_iops', 'riops'],
  ['writeIopsSec', 'write_iops', 'wiops'],
] as const;

/** Limits of devices by number, for both versions of control groups; weights of single devices are lost. */
export function writeIo(blkiotune: Blkiotune | undefined, out: Rows): void {
  for (const device of blkiotune?.devices ?? []) {
    const number = /^\/dev\/block\/(\d+:\d+)$/.exec(device.path)?.[1];
    if (number === undefined) {
      out.lose('blkiotune/device', `liblxc wants the numbers of ${device.path}`);
      continue;
    }
    for (const [field, v1] of throttles)
      if (device[field] !== undefined)
        out.put(`cgroup.blkio.throttle.${v1}_device`, `${number} ${device[field]}`);
    const limits = throttles.flatMap(([field, , v2]) =>
      device[field] === undefined ? [] : [`${v2}=${device[field]}`],
    );
    if (limits.length > 0) out.put('cgroup2.io.max', [number, ...limits].join(' '));
    if (device.weight !== undefined)
      out.lose('blkiotune/device/weight', 'a weight of one device is not written');
  }
}

const deviceNumbers: Readonly<Record<string, string>> = {
  '/dev/net/tun': '10:200',
  '/dev/fuse': '10:229',
  '/dev/ppp': '108:0',
  '/dev/kvm': '10:232',
  '/dev/hpet': '10:228',
};

/** Leave to use each device, and a node for those whose numbers are known; interfaces are written elsewhere. */
export function writeDevices(hostdevs: readonly Hostdev[], out: Rows): void {
  for (const one of hostdevs) {
    if (one.type === 'net') continue;
    if (one.type === 'usb') {
      out.lose('devices/hostdev', 'liblxc has no USB devices by vendor or address');
      continue;
    }
    const path = one.type === 'misc' ? one.source.char : one.source.block;
    const known = Object.hasOwn(deviceNumbers, path) ? deviceNumbers[path] : undefined;
    const number = known ?? /^\/dev\/(?:block|char)\/(\d+:\d+)$/.exec(path)?.[1];
    if (number === undefined) {
      out.lose('devices/hostdev', `liblxc wants the numbers of ${path}`);
      continue;
    }
    const rule = `${one.type === 'misc' ? 'c' : 'b'} ${number} rwm`;
    out.put('cgroup.devices.allow', rule);
    out.put('cgroup2.devices.allow', rule);
    if (known !== undefined)
      out.try('devices/hostdev', () =>
        out.put(
          'mount.entry',
          formatMountEntry({ source: path, target: path, type: 'none', options: ['bind', 'create=file'] }),
        ),
      );
  }
}
