// What has to stand in a document so that a value in it can mean something, and values that mean something where any text may stand.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';

/** A container whose other parts say as little as they can. */
export const base: Domain = {
  type: 'lxc',
  name: 'web',
  vcpu: { placement: 'static', value: 1 },
  os: { type: { value: 'exe' }, init: '/sbin/init' },
  devices: {
    filesystems: [
      {
        type: 'template',
        accessmode: 'passthrough',
        source: { name: 'busybox' },
        target: { dir: '/' },
      },
    ],
  },
};

const absolute = ['/srv/alpha', '/srv/beta'];
const hexes = ['0x1', '0x2'];
const ids = ['8509a1d4-1569-4467-8b37-4e433a1ac7b1', '8509a1d4-1569-4467-8b37-4e433a1ac7b2'];

/** By the end of the path, the longest first that is found. */
const values: Readonly<Record<string, readonly unknown[]>> = {
  uuid: ids,
  'os/init': ['/sbin/init', '/bin/sh'],
  'os/initdir': absolute,
  'os/inituser': ['1', '2'],
  'os/initgroup': ['1', '2'],
  'os/type/@arch': ['x86_64', 'i686'],
  profile: ['alpha', 'beta'],
  'filesystem/source/@dir': absolute,
  'filesystem/source/@file': absolute,
  'filesystem/source/@dev': absolute,
  'filesystem/source/@options': ['noexec', 'nosuid'],
  'filesystem/target/@dir': absolute,
  'nameserver/@address': ['192.0.2.1', '192.0.2.2'],
  'ip/@address': ['192.0.2.1', '192.0.2.2'],
  'ip/@family': ['ipv4'],
  'ip/@prefix': [24, 25],
  'ip/@peer': ['192.0.2.9', '192.0.2.8'],
  'route/@address': ['10.0.0.0', '10.128.0.0'],
  'route/@family': ['ipv4'],
  'quota/@soft': [1024, 2048],
  'vcpupin/@vcpu': [0, 1],
  'route/@prefix': [9, 10],
  'route/@netmask': ['255.128.0.0', '255.192.0.0'],
  'route/@gateway': ['192.0.2.3', '192.0.2.4'],
  'portForward/@address': ['192.0.2.1', '192.0.2.2'],
  'source/address/@type': ['pci', 'usb'],
  'source/address/@domain': hexes,
  'source/address/@bus': hexes,
  'source/address/@slot': hexes,
  'source/address/@function': hexes,
  'hostdev/source/char': ['/dev/net/tun', '/dev/fuse'],
  'hostdev/source/block': ['/dev/sda', '/dev/sdb'],
  'interface/target/@dev': ['veth7', 'veth8'],
  'filesystem/driver/@format': ['raw', 'qcow2'],
  'resource/partition': ['/machine', '/alpha'],
  'mac/@address': ['52:54:00:12:34:56', '52:54:00:12:34:57'],
  'blkiotune/device/path': ['/dev/sda', '/dev/sdb'],
  'blkiotune/weight': [100, 200],
  'device/weight': [100, 200],
  'ctvirt:parameter/@name': ['numproc', 'numfile'],
  'ctvirt:parameter/@barrier': [40, 80],
  'ctvirt:parameter/@limit': [100, 200],
  'ctvirt:parameter/@value': ['1M', '2M'],
  'cputune/quota': [2000, 3000],
  'cputune/global_quota': [2000, 3000],
  'cputune/period': [2000, 3000],
  'cputune/global_period': [2000, 3000],
  'vcpu/text()': [2, 3],
  'vcpu/@current': [1, 2],
  'numatune/memory/@nodeset': ['0', '1'],
  'memtune/swap_hard_limit': [2 ** 21, 2 ** 22],
};

type Fields = Readonly<Record<string, unknown>>;

/** By the path of the element, or of the place itself, with kinds; what is undefined is taken away. */
const besides: Readonly<Record<string, Fields>> = {
  vcpu: { value: 4 },
  idmap: { uids: [{ start: 0, target: 100_000, count: 1 }], gids: [{ start: 0, target: 100_000, count: 1 }] },
  memtune: { hardLimitKiB: 2 ** 21 },
  'cputune/vcpupin': { vcpu: 0, cpuset: '1' },
  'cputune/vcpupin/@vcpu': { cpuset: '1' },
  'cputune/period': { quota: 5000 },
  'cputune/global_period': { globalQuota: 5000 },
  'blkiotune/device': { path: '/dev/sda', weight: 300 },
  'devices/disk[file]': { device: 'cdrom', source: { file: '/srv/alpha' } },
  'devices/disk[block]': { device: 'cdrom', source: { dev: '/dev/sda' } },
  'devices/disk[dir]': { device: 'cdrom', source: { dir: '/srv/alpha' } },
  'devices/disk[volume]': { device: 'cdrom', source: { pool: 'alpha', volume: 'beta' } },
  'devices/hostdev[net]': { ips: [{ address: '192.0.2.200', family: 'ipv4', prefix: 24 }] },
  'devices/console': { type: 'file' },
  'devices/console/target/@type': { type: 'lxc' },
};

/** The same for elements that stand in several places, by the end of the path and without kinds. */
const besidesByEnd: Readonly<Record<string, Fields>> = {
  'bandwidth/inbound': { average: 5000 },
  'bandwidth/outbound': { average: 5000 },
  interface: { ips: [{ address: '192.0.2.200', family: 'ipv4', prefix: 24 }] },
  route: { address: '10.0.0.0', prefix: 9, gateway: '192.0.2.3', family: 'ipv4' },
  'route/@netmask': { prefix: undefined },
  'quota/@soft': { maxBytes: 2 ** 22, max: 2 ** 22 },
  // All its ports may be left out.
  portForward: { address: '192.0.2.7' },
  'ctvirt:parameter': { name: 'numproc', limit: 1000 },
  'ctvirt:parameter/@barrier': { name: 'oomguarpages' },
  'ctvirt:parameter/@value': { name: 'iolimit', limit: undefined },
  'disk/@sgio': { device: 'lun' },
  'disk/@rawio': { device: 'lun' },
  vlan: { tags: [{ id: 42 }] },
  'source/address': { type: 'pci' },
};

/** Places that the grammar has, and that nothing but a contradiction can fill. */
const contradictions: readonly RegExp[] = [
  /^devices\/interface\[(?!ethernet\]).*\]\/source\/(?:ip|route)\//,
  /^devices\/interface\[(?!network\]).*\]\/bandwidth\/inbound\/@floor$/,
  /\/bandwidth\/outbound\/@floor$/,
  /^devices\/filesystem\[dataset\]\/target\//,
];

export const contradicts = (path: string): boolean => contradictions.some((one) => one.test(path));

function byEnd<T>(table: Readonly<Record<string, T>>, path: string): T | undefined {
  const steps = path.split('/');
  for (let from = 0; from < steps.length; from++) {
    const found = table[steps.slice(from).join('/')];
    if (found !== undefined) return found;
  }
  return undefined;
}

export const valuesAt = (path: string): readonly unknown[] | undefined => byEnd(values, path);

export const beside = (path: string): Fields | undefined =>
  besides[path] ?? byEnd(besidesByEnd, path.replace(/\[[^\]]*\]/g, ''));
