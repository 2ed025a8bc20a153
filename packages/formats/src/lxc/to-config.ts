// A domain written as liblxc configuration, for both control group hierarchies, with what it cannot say reported.
// SPDX-License-Identifier: Apache-2.0

import type { Blkiotune, Domain, Filesystem, Hostdev, Interface, Ip, Route } from '@ctvirt/xml';
import { parametersWith } from '../beancounters.js';
import { capabilityStates, rootOf } from '../edit.js';
import { FormatError } from '../errors.js';
import type { HostFacts } from '../format.js';
import { Report, type ReportRow } from '../report.js';
import { resourcesOf } from '../resources/resources-of.js';
import type { Resources } from '../resources/rules.js';
import { notePrefix } from './row.js';
import { wallsOf } from './walls.js';
import { formatCommand, formatLxcConfig, formatMountEntry, type LxcRow } from './write.js';

export interface LxcText {
  readonly text: string;
  readonly report: readonly ReportRow[];
}

/** Collects rows; one that liblxc would misread becomes a line of the report instead. */
class Rows {
  readonly rows: LxcRow[] = [];
  readonly report = new Report();

  constructor(readonly file: string) {}

  put(key: string, value: string | number | undefined): void {
    if (value === undefined) return;
    const row: LxcRow = [`lxc.${key}`, String(value)];
    this.try(`lxc.${key}`, () => {
      formatLxcConfig([row]);
      this.rows.push(row);
    });
  }
  try(key: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.lose(key, error.message);
    }
  }
  lose(key: string, why: string): void {
    this.report.ignored({ file: this.file, line: 0, key }, why);
  }
}

/** Writes the configuration; `file` names it in the report. */
export function writeLxc(
  domain: Domain,
  facts: HostFacts & { readonly autostart?: boolean; readonly file?: string },
): LxcText {
  const out = new Rows(facts.file ?? 'config');
  writeIdentity(domain, out, facts.autostart === true);
  writeInit(domain, out);
  writeFilesystems(domain, out);
  writeNetwork(domain, out);
  writeSecurity(domain, out);
  writeGroups(resourcesOf(domain, { pageSize: facts.pageSize, hostCpus: facts.cpus }), out);
  writeIo(domain.blkiotune, out);
  writeDevices(domain.devices.hostdevs ?? [], out);
  for (const { name, value } of parametersWith(domain, notePrefix)) out.put(name, value);
  reportRest(domain, out);
  return { text: formatLxcConfig(out.rows), report: out.report.rows() };
}

const arches: Readonly<Record<string, string>> = { x86_64: 'amd64' };

function writeIdentity(domain: Domain, out: Rows, autostart: boolean): void {
  out.put('uts.name', domain.hostname ?? domain.name);
  const arch = domain.os.type.arch;
  if (arch !== undefined) out.put('arch', (Object.hasOwn(arches, arch) ? arches[arch] : undefined) ?? arch);
  if (domain.uuid !== undefined) out.put('environment', `container_uuid=${domain.uuid}`);
  if (autostart) out.put('start.auto', 1);
}

function writeInit({ os }: Domain, out: Rows): void {
  if (os.init !== undefined && (os.init !== '/sbin/init' || os.initargs !== undefined))
    out.try('os/initarg', () => out.put('init.cmd', formatCommand([os.init ?? '', ...(os.initargs ?? [])])));
  out.put('init.cwd', os.initdir);
  for (const [key, value] of [
    ['init.uid', os.inituser],
    ['init.gid', os.initgroup],
  ] as const) {
    if (value === undefined || /^\d{1,10}$/.test(value)) out.put(key, value);
    else out.lose(`lxc.${key}`, `liblxc takes numbers only: look "${value}" up in the container`);
  }
  for (const { name, value } of os.initenvs ?? []) out.put('environment', `${name}=${value}`);
}

const optionsOf = (text: string | undefined): string[] =>
  text?.split(',').filter((option) => option !== '') ?? [];

type Of<T extends Filesystem['type']> = Extract<Filesystem, { type: T }>;

/** The root's path as liblxc wants it. */
const rootPaths: { readonly [T in Filesystem['type']]?: (root: Of<T>) => string } = {
  mount: (root) => `dir:${root.source.dir}`,
  block: (root) => root.source.dev,
  file: (root) => `${root.driver?.type === 'nbd' ? 'nbd' : 'loop'}:${root.source.file}`,
};

const inRoot = (path: string): string => path.replace(/^\/+/, '');

/** A mount besides the root. */
const mounts: {
  readonly [T in Filesystem['type']]?: (one: Of<T>, out: Rows) => Parameters<typeof formatMountEntry>[0];
} = {
  mount: ({ source, target, readonly }) => ({
    source: source.dir,
    target: target.dir,
    type: 'none',
    options: ['rbind', ...(readonly === true ? ['ro'] : []), ...optionsOf(source.options), 'create=dir'],
  }),
  bind: ({ source, target, readonly }) => ({
    source: inRoot(source.dir),
    target: target.dir,
    type: 'none',
    options: [
      'bind',
      ...(readonly === true ? ['ro'] : []),
      ...optionsOf(source.options),
      'relative',
      'create=dir',
    ],
  }),
  ram: ({ source, target, readonly }) => ({
    source: 'tmpfs',
    target: target.dir,
    type: 'tmpfs',
    options: [
      `size=${source.usageKiB}k`,
      ...(readonly === true ? ['ro'] : []),
      ...optionsOf(source.options),
      'create=dir',
    ],
  }),
  block: ({ source, target, readonly }) => ({
    source: source.dev,
    target: target.dir,
    // liblxc tries no types: ext4 is what is most likely there, and the report says that it is a guess.
    type: 'ext4',
    options: [...(readonly === true ? ['ro'] : []), ...optionsOf(source.options), 'create=dir'],
  }),
};

function writeFilesystems(domain: Domain, out: Rows): void {
  const root = rootOf(domain);
  if (root !== undefined) {
    const path = rootPaths[root.type] as ((one: Filesystem) => string) | undefined;
    if (path === undefined)
      out.lose('lxc.rootfs.path', `liblxc has no root of type ${root.type}: make a directory of it`);
    else out.put('rootfs.path', path(root));
    const options = [...(root.readonly === true ? ['ro'] : []), ...optionsOf(root.source.options)];
    if (options.length > 0) out.put('rootfs.options', options.join(','));
    if (
      root.spaceHardLimitBytes !== undefined ||
      root.spaceSoftLimitBytes !== undefined ||
      root.quotas !== undefined
    )
      out.lose('devices/filesystem/space', 'liblxc has no limits on disk space: set a quota on the host');
  }
  (domain.devices.filesystems ?? []).forEach((one, index) => {
    if (one === root) return;
    const key = `devices/filesystem[${index + 1}]`;
    const entry = mounts[one.type] as
      | ((each: Filesystem, rows: Rows) => Parameters<typeof formatMountEntry>[0])
      | undefined;
    if (entry === undefined) out.lose(key, `liblxc has no mounts of type ${one.type}`);
    else out.try(key, () => out.put('mount.entry', formatMountEntry(entry(one, out))));
    if (one.type === 'block')
      out.report.approximated(
        { file: out.file, line: 0, key },
        'as ext4: liblxc must be told the type of a file system',
      );
  });
}

const macvlanModes: Readonly<Record<string, string>> = { passthrough: 'passthru' };

interface NicText {
  readonly type: string;
  readonly link?: string;
  readonly mode?: string;
}

const nicTypes: { readonly [T in Interface['type']]?: (one: Extract<Interface, { type: T }>) => NicText } = {
  bridge: ({ source }) => ({ type: 'veth', link: source.bridge }),
  ethernet: ({ ips }) => (ips === undefined ? { type: 'veth' } : { type: 'veth', mode: 'router' }),
  direct: ({ source }) => ({
    type: 'macvlan',
    link: source.dev,
    mode: macvlanModes[source.mode] ?? source.mode,
  }),
};

function writeNetwork(domain: Domain, out: Rows): void {
  let number = 0;
  (domain.devices.interfaces ?? []).forEach((one, index) => {
    const text = nicTypes[one.type] as ((each: Interface) => NicText) | undefined;
    const key = `devices/interface[${index + 1}]`;
    if (text === undefined) out.lose(key, `liblxc has no interfaces of type ${one.type}`);
    else writeNic(one, text(one), `net.${number++}.`, out, key);
  });
  for (const one of domain.devices.hostdevs ?? []) {
    if (one.type !== 'net') continue;
    const prefix = `net.${number++}.`;
    out.put(`${prefix}type`, 'phys');
    out.put(`${prefix}link`, one.source.interface);
    out.put(`${prefix}flags`, 'up');
    writeAddresses(one.ips, one.routes, prefix, out);
  }
  if (number === 0) out.put('net.0.type', domain.features?.privnet === true ? 'empty' : 'none');
}

function writeNic(one: Interface, text: NicText, prefix: string, out: Rows, key: string): void {
  out.put(`${prefix}type`, text.type);
  if (text.type === 'macvlan') out.put(`${prefix}macvlan.mode`, text.mode);
  else out.put(`${prefix}veth.mode`, text.mode);
  out.put(`${prefix}link`, text.link);
  out.put(`${prefix}name`, one.guest?.dev);
  out.put(`${prefix}hwaddr`, one.mac?.address);
  out.put(`${prefix}mtu`, one.mtu?.size);
  if (text.type === 'veth') {
    out.put(`${prefix}veth.pair`, one.target?.dev);
    out.put(`${prefix}veth.vlan.id`, one.vlan?.tags?.[0]?.id);
  }
  if (one.link?.state !== 'down') out.put(`${prefix}flags`, 'up');
  writeAddresses(one.ips, one.routes, prefix, out);
  for (const field of ['bandwidth', 'filterref', 'virtualport', 'script'] as const)
    if (one[field] !== undefined) out.lose(`${key}/${field}`, 'liblxc has no key for it');
}

function writeAddresses(
  ips: readonly Ip[] | undefined,
  routes: readonly Route[] | undefined,
  prefix: string,
  out: Rows,
): void {
  for (const { address, family, prefix: bits } of ips ?? [])
    out.put(`${prefix}${family}.address`, `${address}/${bits ?? (family === 'ipv4' ? 32 : 128)}`);
  for (const route of routes ?? []) {
    if (/^(0\.0\.0\.0|::)$/.test(route.address)) out.put(`${prefix}${route.family}.gateway`, route.gateway);
    else
      out.lose(
        `lxc.${prefix}${route.family}.gateway`,
        `liblxc sets default routes only, not one to ${route.address}`,
      );
  }
}

function writeSecurity(domain: Domain, out: Rows): void {
  for (const [letter, ranges] of [
    ['u', domain.idmap?.uids],
    ['g', domain.idmap?.gids],
  ] as const)
    for (const { start, target, count } of ranges ?? [])
      out.put('idmap', `${letter} ${start} ${target} ${count}`);
  writeCapabilities(domain, out);
  const { rows, lost } = wallsOf(domain);
  for (const [key, value] of rows) out.put(key, value);
  if (lost !== undefined) out.lose('features/seccomp', lost);
  for (const { model, label } of domain.seclabels ?? []) {
    const key =
      model === 'apparmor' ? 'apparmor.profile' : model === 'selinux' ? 'selinux.context' : undefined;
    if (key === undefined) out.lose('seclabel', `liblxc has no labels of ${model ?? 'no model'}`);
    else out.put(key, label);
  }
  const { sharenet, shareipc, shareuts } = domain.lxcNamespace ?? {};
  for (const [name, share] of [
    ['net', sharenet],
    ['ipc', shareipc],
    ['uts', shareuts],
  ] as const)
    out.put(`namespace.share.${name}`, share?.type === 'netns' ? `/run/netns/${share.value}` : share?.value);
  const consoles = domain.devices.consoles?.length;
  if (consoles !== undefined && consoles > 0) out.put('tty.max', consoles);
}

/** What libvirt takes from a container that does not ask otherwise. */
const usuallyDropped = ['audit_control', 'mac_admin', 'mknod', 'sys_module', 'sys_time'] as const;

function writeCapabilities(domain: Domain, out: Rows): void {
  const { capabilities } = domain.features ?? {};
  if (capabilities === undefined) return;
  const states = capabilityStates(domain);
  const withState = (state: 'on' | 'off'): string[] =>
    states.flatMap(([word, is]) => (is === state ? [word] : []));
  if (capabilities.policy === 'deny') {
    out.put('cap.keep', withState('on').join(' ') || 'none');
    return;
  }
  const usual =
    capabilities.policy === 'default' ? usuallyDropped.filter((word) => capabilities[word] !== 'on') : [];
  const dropped = [...new Set([...usual, ...withState('off')])].sort();
  if (dropped.length > 0) out.put('cap.drop', dropped.join(' '));
}

/** liblxc takes one of the two families, by the host it runs on, and leaves the other alone. */
function writeGroups(resources: Resources, out: Rows): void {
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
    'cpu.max': quota === undefined ? undefined : `${quota} ${period ?? 100_000}`,
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

function writeIo(blkiotune: Blkiotune | undefined, out: Rows): void {
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

function writeDevices(hostdevs: readonly Hostdev[], out: Rows): void {
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

/** Elements that liblxc has no word for. */
const unsaid: readonly (readonly [keyof Domain, string])[] = [
  ['description', 'a configuration has no place for it'],
  ['title', 'a configuration has no place for it'],
  ['dns', 'liblxc leaves /etc/resolv.conf to the container'],
  ['profile', 'its values are written, its name is not'],
  ['resource', 'liblxc chooses control groups by itself'],
];

function reportRest(domain: Domain, out: Rows): void {
  for (const [key, why] of unsaid) if (domain[key] !== undefined) out.lose(key, why);
  const kept = (domain.beancounters ?? []).filter(({ name }) => !name.startsWith(notePrefix));
  for (const { name, value } of kept)
    if (value !== undefined) out.lose(name, 'a parameter of another format');
}
