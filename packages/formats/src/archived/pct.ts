// The configuration of a container of Proxmox VE in an archive of vzdump's: pct.conf.
// SPDX-License-Identifier: Apache-2.0
import { xmlText } from '../clean.js';
import { fstabField } from '../fstab.js';
import { carried } from '../outcome.js';
import type { Place } from '../report.js';
import { type ArchivedContainer, bytesOf, Collected, propertiesOf, type ReadArchived } from './container.js';

type Read = (all: Collected, place: Place, value: string) => void;

const MiB = 1024 ** 2;
/** Of a period of the scheduler's, in microseconds. */
const PERIOD = 100_000;

const mebibytes =
  (name: string): Read =>
  (all, place, value) =>
    all.lxc(place, name, /^\d{1,9}$/.test(value) ? String(Number(value) * MiB) : value);

const setting =
  (name: string): Read =>
  (all, place, value) =>
    all.lxc(place, name, value);

const silent =
  (how: string): Read =>
  (all, place) =>
    all.says(place, how);

const inFiles: Read = (all, place) =>
  all.nearly(place, 'as it was last written into the files in the archive');

const reads: Readonly<Record<string, Read>> = {
  arch: setting('arch'),
  hostname: setting('uts.name'),
  memory: mebibytes('cgroup2.memory.max'),
  swap: mebibytes('cgroup2.memory.swap.max'),
  cores: (all, place, value) => all.processors(place, value),
  cpulimit: (all, place, value) => {
    const share = Number(value);
    if (share === 0) all.says(place, 'no limit');
    else if (Number.isFinite(share))
      all.lxc(place, 'cgroup2.cpu.max', `${Math.round(share * PERIOD)} ${PERIOD}`);
    else all.ignores(place, `${value} is no number of processors`);
  },
  cpuunits: setting('cgroup2.cpu.weight'),
  onboot: setting('start.auto'),
  startup: (all, place, value) => {
    for (const [key, said] of propertiesOf(value, 'order')) {
      const name = key === 'order' ? 'start.order' : key === 'up' ? 'start.delay' : undefined;
      const at = { ...place, key: `${place.key}: ${key}` };
      if (name === undefined) all.keeps(at, `${place.key}.${key}`, said);
      else all.lxc(at, name, said);
    }
  },
  tty: setting('tty.max'),
  timezone: inFiles,
  nameserver: inFiles,
  searchdomain: inFiles,
  ostype: silent('what the files are of is seen in them'),
  digest: silent('of the configuration itself'),
  unprivileged: (all, place, value) =>
    value === '1'
      ? all.says(place, 'every domain has a range of ids of its own')
      : all.nearly(place, 'it has a range of ids of its own here, and root in it is none of the host'),
  rootfs: (all, place, value) => {
    for (const [key, said] of propertiesOf(value, 'volume')) {
      const at = { ...place, key: `${place.key}: ${key}` };
      if (key === 'volume') all.says(at, 'its files are in the archive');
      else if (key === 'size') all.limit(at, bytesOf(said), said);
      else all.keeps(at, `rootfs.${key}`, said);
    }
  },
};

/** By the names of properties, without `net.N.`. */
const nicKeys: Readonly<Record<string, string>> = {
  bridge: 'link',
  name: 'name',
  hwaddr: 'hwaddr',
  mtu: 'mtu',
  tag: 'veth.vlan.id',
  gw: 'ipv4.gateway',
  gw6: 'ipv6.gateway',
};
const asked = new Set(['dhcp', 'manual', 'auto']);

function readNic(all: Collected, place: Place, number: string, value: string): void {
  all.lxc({ ...place, key: `${place.key}: type` }, `net.${number}.type`, 'veth');
  for (const [key, said] of propertiesOf(value, 'model')) {
    const at = { ...place, key: `${place.key}: ${key}` };
    const name = Object.hasOwn(nicKeys, key) ? nicKeys[key] : undefined;
    if (name !== undefined) all.lxc(at, `net.${number}.${name}`, said);
    else if (key === 'ip' || key === 'ip6') {
      if (asked.has(said)) all.says(at, 'its own programs see to it');
      else all.lxc(at, `net.${number}.ipv${key === 'ip' ? '4' : '6'}.address`, said);
    } else if (key === 'type') all.says(at, 'a pair of which the host has one end');
    else all.keeps(at, `${place.key}.${key}`, said);
  }
  all.lxc({ ...place, key: `${place.key}: up` }, `net.${number}.flags`, 'up');
}

function readMount(all: Collected, place: Place, value: string): void {
  const said = propertiesOf(value, 'volume');
  const [source = '', target = ''] = [said.get('volume'), said.get('mp')];
  if (!source.startsWith('/')) {
    if (said.get('backup') === '1')
      all.nearly(place, `the files of ${source} are in the archive, and part of the root here`);
    else all.lacks(place, { kind: 'volume', source, target });
    return;
  }
  const options = ['bind', ...(said.get('ro') === '1' ? ['ro'] : []), 'create=dir'].join(',');
  const fields = [source, target.replace(/^\/+/, ''), 'none', options].map(fstabField);
  all.lxc(place, 'mount.entry', `${fields.join(' ')} 0 0`);
}

/** Reads any text; what cannot be used is in the report. */
export function readPct(given: string, file: string, options: ReadArchived): ArchivedContainer {
  const all = new Collected(file, 'pct.');
  const comments: string[] = [];
  let section: string | undefined;
  for (const [index, raw] of xmlText(given).split('\n').entries()) {
    const line = raw.trim();
    const snapshot = /^\[(.+)\]$/.exec(line)?.[1];
    if (snapshot !== undefined) {
      section = snapshot;
      all.ignores(all.at(index + 1, line), 'a snapshot: its files are not in the archive');
    }
    if (line === '' || section !== undefined) continue;
    if (line.startsWith('#')) comments.push(decoded(line.slice(1)));
    else readLine(all, index + 1, line);
  }
  if (comments.length > 0)
    all.other(all.at(0, 'description'), (domain) =>
      carried({ ...domain, description: xmlText(comments.join('\n')) }, 'description'),
    );
  const hostname = all.settings.find(({ name }) => name === 'uts.name')?.value;
  return all.read({ ...options, name: hostname ?? options.name });
}

function readLine(all: Collected, line: number, text: string): void {
  const [, key = text, value = ''] = /^([^\s:=]+)\s*[:=]\s*(.*)$/.exec(text) ?? [];
  const place = all.at(line, key);
  const read = Object.hasOwn(reads, key) ? reads[key] : undefined;
  const [, kind, number = ''] = /^(net|mp)(\d{1,3})$/.exec(key) ?? [];
  if (value === '') all.ignores(place, 'it says nothing');
  else if (read !== undefined) read(all, place, value);
  else if (kind === 'net') readNic(all, place, number, value);
  else if (kind === 'mp') readMount(all, place, value);
  else if (/^unused\d+$/.test(key)) all.lacks(place, { kind: 'volume', source: value, target: null });
  else if (key.startsWith('lxc.')) all.lines({ ...place, key: 'lxc' }, `${key} = ${value}`);
  else all.keeps(place, key, value);
}

/** As Proxmox VE writes lines of a description. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}
