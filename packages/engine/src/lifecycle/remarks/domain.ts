// What stands at a document's top level, in its limits and in its boot, and has no effect on a container.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { type Row, remark } from './remark.js';

const noKernel = 'a container boots no kernel: its init is started';
const noThreads = 'a container has no emulator and no I/O threads: all that runs in it is its own';

const boot: readonly Row<Domain>[] = [
  ({ bootloader }) => remark(bootloader, '/domain/bootloader', noKernel),
  ({ bootloaderArgs }) => remark(bootloaderArgs, '/domain/bootloader_args', noKernel),
  ...(['kernel', 'initrd', 'cmdline', 'dtb', 'root'] as const).map(
    (name): Row<Domain> =>
      ({ os }) =>
        remark(os[name], `/domain/os/${name}`, noKernel),
  ),
];

const threads = {
  emulator_period: 'emulatorPeriod',
  emulator_quota: 'emulatorQuota',
  iothread_period: 'iothreadPeriod',
  iothread_quota: 'iothreadQuota',
  emulatorpin: 'emulatorpin',
} as const;

const limits: readonly Row<Domain>[] = [
  ({ vcpu }) =>
    remark(
      vcpu?.placement === 'auto',
      '/domain/vcpu/@placement',
      'processors are chosen among those of <vcpu cpuset> or of the host, by their number: numad is not asked',
    ),
  ...Object.entries(threads).map(
    ([name, key]): Row<Domain> =>
      ({ cputune }) =>
        remark(cputune?.[key], `/domain/cputune/${name}`, noThreads),
  ),
  ({ cputune }) => remark(cputune?.iothreadpins?.[0], '/domain/cputune/iothreadpin', noThreads),
  ({ cputune }) => remark(cputune?.iothreadscheds?.[0], '/domain/cputune/iothreadsched', noThreads),
  ({ cputune }) =>
    remark(
      cputune?.vcpuscheds?.[0],
      '/domain/cputune/vcpusched',
      'processes in the container have the common scheduling: none takes the processor from the host',
    ),
  ({ numatune }) =>
    remark(
      numatune?.memory?.mode !== undefined && numatune.memory.mode !== 'strict',
      '/domain/numatune/memory/@mode',
      'memory is taken from the nodes of the document and no others',
    ),
  ({ numatune }) =>
    remark(
      numatune?.memory?.placement === 'auto',
      '/domain/numatune/memory/@placement',
      'numad is not asked: without a nodeset memory is taken from any node',
    ),
  ({ numatune }) =>
    remark(
      numatune?.memnodes?.[0],
      '/domain/numatune/memnode',
      "a container has no nodes of its own: those of the host are <memory nodeset='…'>",
    ),
  ({ resource }) =>
    remark(
      // What libvirt itself supposes, and writes.
      resource?.partition !== undefined && resource.partition !== '/machine',
      '/domain/resource/partition',
      "the container's control groups stand below the daemon's own",
    ),
  ({ resource }) =>
    remark(
      resource?.fibrechannel,
      '/domain/resource/fibrechannel',
      'its I/O carries no identity of a fabric',
    ),
];

const offsets = new Set(['timezone', 'variable', 'absolute']);
const hostClock = "a container has the host's wall clock";

const others: readonly Row<Domain>[] = [
  ({ seclabels }) =>
    remark(seclabels?.[0], '/domain/seclabel', "the container runs under liblxc's own security label"),
  ({ lxcNamespace }) =>
    remark(lxcNamespace, '/domain/lxc:namespace', 'the container has namespaces of its own and shares none'),
  ({ clock }) => remark(clock !== undefined && offsets.has(clock.offset), '/domain/clock', hostClock),
  ({ clock }) =>
    remark(
      clock !== undefined && !offsets.has(clock.offset) && 'adjustment' in clock && clock.adjustment,
      '/domain/clock/@adjustment',
      hostClock,
    ),
  ({ clock }) =>
    remark(
      clock?.timers?.[0],
      '/domain/clock/timer',
      'a container has no timers: a <hostdev> hands /dev/rtc0 over',
    ),
];

export const onDomain: readonly Row<Domain>[] = [...boot, ...limits, ...others];
