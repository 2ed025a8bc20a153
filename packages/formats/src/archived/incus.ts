// The configuration of a container of Incus or LXD in an export of theirs: index.yaml, or backup.yaml beside its root.
// SPDX-License-Identifier: Apache-2.0
import { lineText, xmlText } from '../clean.js';
import { FormatError } from '../errors.js';
import { fstabField } from '../fstab.js';
import { carried } from '../outcome.js';
import type { Place } from '../report.js';
import { type ArchivedContainer, bytesOf, Collected, type ReadArchived } from './container.js';
import { parseYaml, type YamlNode } from './yaml.js';

/** What the index of an export says. */
export interface IncusIndex {
  readonly name: string;
  /** `container`, or what it is else. */
  readonly type: string;
  /** Whether its files are as their storage has them, which no other reads. */
  readonly isOptimized: boolean;
  readonly snapshots: readonly string[];
  /** The container, in exports that say it here. */
  readonly container: YamlNode | undefined;
}

const textOf = (node: YamlNode | undefined): string | undefined => node?.text;
const inMap = (node: YamlNode | undefined, key: string): YamlNode | undefined => node?.map?.get(key);

/** Throws `invalid` for what is none. */
export function readIncusIndex(text: string, file: string): IncusIndex {
  const index = parseYaml(xmlText(text), file);
  const name = textOf(inMap(index, 'name'));
  if (name === undefined) throw new FormatError('invalid', `${file} names no container`, { file });
  const said = inMap(index, 'config');
  const container = inMap(said, 'container') ?? inMap(said, 'instance');
  return {
    name,
    type: textOf(inMap(index, 'type')) ?? 'container',
    isOptimized: textOf(inMap(index, 'optimized')) === 'true',
    snapshots: (inMap(index, 'snapshots')?.list ?? []).map((one) => textOf(one) ?? ''),
    container,
  };
}

/** The container of a `backup.yaml`. */
export function containerIn(text: string, file: string): YamlNode {
  const whole = parseYaml(xmlText(text), file);
  const found = inMap(whole, 'container') ?? inMap(whole, 'instance');
  if (found === undefined) throw new FormatError('invalid', `${file} says nothing of a container`, { file });
  return found;
}

/** Reads it; what cannot be used is in the report. */
export function readIncus(
  container: YamlNode,
  snapshots: readonly string[],
  file: string,
  options: ReadArchived,
): ArchivedContainer {
  const all = new Collected(file, 'incus.');
  const name = textOf(inMap(container, 'name')) ?? options.name;
  for (const [key, node] of container.map ?? []) {
    const place = all.at(node.line, key);
    const value = textOf(node) ?? '';
    if (key === 'architecture' && value !== '') all.lxc(place, 'arch', value);
    else if (key === 'description' && value !== '')
      all.other(place, (domain) => carried({ ...domain, description: value }, 'description'));
  }
  const config = entriesOf(container, 'expanded_config', 'config');
  for (const [key, node] of config) readKey(all, all.at(node.line, key), key, textOf(node) ?? '');
  const macs = new Map(config.map(([key, node]) => [key, textOf(node) ?? '']));
  const devices = entriesOf(container, 'expanded_devices', 'devices');
  let nics = 0;
  for (const [device, node] of devices) {
    const place = all.at(node.line, device);
    const said = new Map([...(node.map ?? [])].map(([key, one]) => [key, textOf(one) ?? '']));
    const type = said.get('type');
    if (type === 'nic')
      readNic(all, place, { device, number: nics++, said, mac: macs.get(`volatile.${device}.hwaddr`) });
    else if (type === 'disk') readDisk(all, place, said);
    else if (type !== 'none') keepDevice(all, place, device, said);
  }
  for (const snapshot of snapshots)
    all.ignores(
      all.at(0, `snapshot ${lineText(snapshot)}`),
      'snapshots are not taken over: it is made as it was when it was exported',
    );
  return all.read({ ...options, name: lineText(name) });
}

function entriesOf(container: YamlNode, ...keys: readonly string[]): [string, YamlNode][] {
  for (const key of keys) {
    const entries = [...(inMap(container, key)?.map ?? [])];
    if (entries.length > 0) return entries;
  }
  return [];
}

type Read = (all: Collected, place: Place, value: string) => void;

const THOUSAND = 1000;
const size =
  (name: string): Read =>
  (all, place, value) => {
    const bytes = bytesOf(value, THOUSAND);
    if (bytes === undefined) all.keeps(place, place.key, value, `${value} is no number of bytes`);
    else all.lxc(place, name, String(bytes));
  };
const truth = (value: string): string => (/^(?:1|true|yes|on)$/i.test(value) ? '1' : '0');

/** By key; of families by what they begin with. */
const reads: Readonly<Record<string, Read>> = {
  'limits.memory': size('cgroup2.memory.max'),
  'limits.processes': (all, place, value) => all.lxc(place, 'cgroup2.pids.max', value),
  'limits.cpu': (all, place, value) => {
    if (/[-,]/.test(value)) all.lxc(place, 'cgroup2.cpuset.cpus', value);
    else all.processors(place, value);
  },
  'limits.cpu.allowance': (all, place, value) => {
    const [, part = '', whole = ''] = /^(\d{1,7})ms\/(\d{1,7})ms$/.exec(value) ?? [];
    if (part === '') all.keeps(place, place.key, value, 'a share of what is left over');
    else all.lxc(place, 'cgroup2.cpu.max', `${Number(part) * THOUSAND} ${Number(whole) * THOUSAND}`);
  },
  'boot.autostart': (all, place, value) => all.lxc(place, 'start.auto', truth(value)),
  'boot.autostart.delay': (all, place, value) => all.lxc(place, 'start.delay', value),
  'security.privileged': (all, place, value) => {
    if (truth(value) === '0') all.says(place, 'every domain has a range of ids of its own');
    else all.nearly(place, 'it has a range of ids of its own here, and root in it is none of the host');
  },
  'raw.lxc': (all, place, value) => all.lines(place, value),
};
const families: readonly (readonly [
  string,
  (all: Collected, place: Place, value: string, rest: string) => void,
])[] = [
  ['environment.', (all, place, value, rest) => all.lxc(place, 'environment', `${rest}=${value}`)],
  ['limits.kernel.', (all, place, value, rest) => all.lxc(place, `prlimit.${rest}`, value)],
  ['linux.sysctl.', (all, place, value, rest) => all.lxc(place, `sysctl.${rest}`, value)],
  ['image.', (all, place) => all.says(place, 'of the image that it was made of')],
  ['volatile.', (all, place) => all.says(place, 'of its runs there')],
];

function readKey(all: Collected, place: Place, key: string, value: string): void {
  const read = Object.hasOwn(reads, key) ? reads[key] : undefined;
  const family = families.find(([prefix]) => key.startsWith(prefix));
  if (value === '') all.says(place, 'it says nothing');
  else if (read !== undefined) read(all, place, value);
  else if (family !== undefined) family[1](all, place, value, key.slice(family[0].length));
  else all.keeps(place, key, value);
}

/** By the names of properties. */
const nicKeys: Readonly<Record<string, string>> = {
  name: 'name',
  hwaddr: 'hwaddr',
  mtu: 'mtu',
  host_name: 'veth.pair',
};
/** liblxc's word for a kind of link. */
const nicTypes: Readonly<Record<string, string>> = {
  bridged: 'veth',
  p2p: 'veth',
  macvlan: 'macvlan',
  physical: 'phys',
};

interface Nic {
  readonly device: string;
  readonly number: number;
  readonly said: ReadonlyMap<string, string>;
  readonly mac: string | undefined;
}

function readNic(all: Collected, place: Place, { device, number, said, mac }: Nic): void {
  const kind = said.get('nictype') ?? 'bridged';
  const type = Object.hasOwn(nicTypes, kind) ? nicTypes[kind] : undefined;
  if (type === undefined) {
    keepDevice(all, place, device, said);
    return;
  }
  const at = (key: string): Place => ({ ...place, key: `${device}: ${key}` });
  const put = (key: string, name: string, value: string): void =>
    all.lxc(at(key), `net.${number}.${name}`, value);
  put('type', 'type', type);
  const link = said.get('parent') ?? said.get('network');
  if (link !== undefined) put(said.has('parent') ? 'parent' : 'network', 'link', link);
  if (!said.has('name')) put('name', 'name', device);
  if (!said.has('hwaddr') && mac !== undefined) put('hwaddr', 'hwaddr', mac);
  for (const [key, value] of said) {
    const name = Object.hasOwn(nicKeys, key) ? nicKeys[key] : undefined;
    if (name !== undefined) put(key, name, value);
    else if (key === 'vlan') put(key, type === 'veth' ? 'veth.vlan.id' : 'vlan.id', value);
    else if (/^ipv[46]\.address$/.test(key))
      all.keeps(
        at(key),
        `${device}.${key}`,
        value,
        'its network gave it that address, which the one here does not know',
      );
    else if (!['type', 'nictype', 'parent', 'network'].includes(key))
      all.keeps(at(key), `${device}.${key}`, value);
  }
  put('up', 'flags', 'up');
}

function readDisk(all: Collected, place: Place, said: ReadonlyMap<string, string>): void {
  const at = (key: string): Place => ({ ...place, key: `${place.key}: ${key}` });
  const path = said.get('path') ?? '';
  const source = said.get('source') ?? '';
  const known = new Set(['type', 'path', 'pool', 'source', 'readonly']);
  if (path === '/') {
    const limit = said.get('size');
    if (limit !== undefined) all.limit(at('size'), bytesOf(limit, THOUSAND), limit);
    known.add('size');
    all.says(place, 'its files are in the archive');
  } else if (source.startsWith('/') && !said.has('pool') && path !== '') {
    const options = ['bind', ...(truth(said.get('readonly') ?? '') === '1' ? ['ro'] : []), 'create=dir'].join(
      ',',
    );
    const fields = [source, path.replace(/^\/+/, ''), 'none', options].map(fstabField);
    all.lxc(place, 'mount.entry', `${fields.join(' ')} 0 0`);
  } else {
    const volume = said.has('pool') ? `${said.get('pool')}/${source}` : source;
    all.lacks(place, { kind: 'volume', source: volume, target: path === '' ? null : path });
  }
  for (const [key, value] of said) if (!known.has(key)) all.keeps(at(key), `${place.key}.${key}`, value);
}

function keepDevice(all: Collected, place: Place, device: string, said: ReadonlyMap<string, string>): void {
  const words = [...said].map(([key, value]) => `${key}=${value}`).join(' ');
  all.keeps(place, device, words, `no element holds a device of type ${said.get('type') ?? 'none'} like it`);
}
