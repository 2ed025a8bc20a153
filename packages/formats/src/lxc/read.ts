// An LXC configuration read to a domain: each setting through its row, interfaces together.
// SPDX-License-Identifier: Apache-2.0

import type { CapabilityName, Console, Domain } from '@ctvirt/xml';
import {
  emptyDomain,
  isCapability,
  rootOf,
  rootTarget,
  withCapabilities,
  withFilesystem,
  withOs,
  withRoot,
} from '../edit.js';
import { baseName, type FileSet, folderOf } from '../files.js';
import type { HostFacts, NativeUnit, ReadOptions, ReadResult } from '../format.js';
import { filesystemOf, parseFstab } from '../fstab.js';
import { groupRank, withBoundDevice } from '../group-files.js';
import { approximated, carried, ignored, type Outcome, settle } from '../outcome.js';
import { Report } from '../report.js';
import { notToBeHeld, variableIn } from '../variables.js';
import { type LxcSetting, parseLxc } from './parse.js';
import { readNetwork } from './read-network.js';
import { resourceReads } from './read-resources.js';
import { type LxcRead, type LxcRows, note } from './row.js';
import { wallReads } from './walls.js';

const arches: Readonly<Record<string, string>> = {
  x86: 'i686',
  i386: 'i686',
  i486: 'i686',
  i586: 'i686',
  amd64: 'x86_64',
};

type RootMaker = (domain: Domain, path: string, value: string) => Outcome;

const directoryRoot = (domain: Domain, path: string): Domain =>
  withFilesystem(domain, { type: 'mount', source: { dir: path }, ...rootTarget });
const blockRoot: RootMaker = (domain, path) =>
  carried(
    withFilesystem(domain, { type: 'block', source: { dev: path }, ...rootTarget }),
    'root of type block',
  );
const imageRoot =
  (driver: { type: 'loop' | 'nbd'; format?: string }): RootMaker =>
  (domain, path) =>
    carried(
      withFilesystem(domain, { type: 'file', driver, source: { file: path }, ...rootTarget }),
      'root of type file',
    );
const madeBy =
  (kind: string): RootMaker =>
  (domain, path) =>
    approximated(directoryRoot(domain, path), `root of type mount, though ${kind} made it`);
const layered: RootMaker = (domain, _, value) =>
  note(domain, 'rootfs.path', value, 'no element lays one directory over another: merge them first');

/** By the prefix of lxc.rootfs.path. */
const rootMakers: Readonly<Record<string, RootMaker>> = {
  dir: (domain, path, value) =>
    path.startsWith('/dev/')
      ? blockRoot(domain, path, value)
      : carried(directoryRoot(domain, path), 'root of type mount'),
  loop: imageRoot({ type: 'loop', format: 'raw' }),
  nbd: imageRoot({ type: 'nbd' }),
  lvm: blockRoot,
  zfs: madeBy('zfs'),
  btrfs: madeBy('btrfs'),
  overlay: layered,
  overlayfs: layered,
  aufs: layered,
};

const rootfsPath: LxcRead = (domain, value) => {
  if (rootOf(domain) !== undefined) return ignored('the root is there already');
  const [, prefix = ''] = /^([a-z]+):/.exec(value) ?? [];
  const maker = Object.hasOwn(rootMakers, prefix) ? rootMakers[prefix] : undefined;
  const path = maker === undefined ? value : value.slice(prefix.length + 1);
  if (!path.startsWith('/')) return ignored(`${value} is no absolute path`);
  return (maker ?? rootMakers['dir'] ?? layered)(domain, path, value);
};

const rootfsOptions: LxcRead = (domain, value) => {
  const options = value.split(',').map((option) => option.trim());
  const rest = options.filter((option) => !['', 'ro', 'rw'].includes(option) && !option.startsWith('idmap='));
  if (rootOf(domain) === undefined) return ignored('the configuration has no root');
  const result = withRoot(
    domain,
    (root) =>
      ({
        ...root,
        ...(options.includes('ro') ? { readonly: true } : {}),
        source: { ...root.source, ...(rest.length === 0 ? {} : { options: rest.join(',') }) },
      }) as typeof root,
  );
  return carried(result, "readonly and the source's options");
};

const mountEntry: LxcRead = (domain, value) => {
  const entry = parseFstab(value);
  if (entry === undefined) return ignored('it has no source, target and type');
  const device = `/${entry.target}` === entry.source ? withBoundDevice(domain, entry.source) : undefined;
  if (device !== undefined) return carried(device, 'hostdev');
  const found = filesystemOf(entry, {
    inside: entry.options.includes('relative') && !entry.source.startsWith('/'),
  });
  if (found.filesystem === undefined)
    return found.why.endsWith('by the runtime')
      ? carried(domain, found.why)
      : note(domain, 'mount.entry', value, found.why);
  const place = found.filesystem.target?.dir;
  if ((domain.devices.filesystems ?? []).some(({ target }) => target?.dir === place))
    return ignored(`${place} has a file system already`);
  const result = withFilesystem(domain, found.filesystem);
  const how = `filesystem of type ${found.filesystem.type}`;
  return found.loss === undefined ? carried(result, how) : approximated(result, `${how}; ${found.loss}`);
};

const idmap: LxcRead = (domain, value) => {
  const match = /^([ugb])\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})$/.exec(value);
  const [, kind = '', start = '', target = '', count = ''] = match ?? [];
  const range = { start: Number(start), target: Number(target), count: Number(count) };
  if (!match || range.count < 1 || Math.max(range.start, range.target, range.count) > 0xffff_ffff)
    return ignored('it is not "u|g INSIDE OUTSIDE COUNT"');
  const add = (key: 'uids' | 'gids', wanted: boolean) =>
    wanted ? { [key]: [...(domain.idmap?.[key] ?? []), range] } : {};
  const map = { ...domain.idmap, ...add('uids', kind !== 'g'), ...add('gids', kind !== 'u') };
  return carried({ ...domain, idmap: map }, 'idmap');
};

const capabilities =
  (policy: 'allow' | 'deny', state: 'on' | 'off'): LxcRead =>
  (domain, value) => {
    const words = value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '' && word !== 'none');
    const good = words.filter(isCapability);
    const bad = words.filter((word) => !isCapability(word));
    const result = withCapabilities(
      domain,
      policy,
      good.map((word): [CapabilityName, 'on' | 'off'] => [word, state]),
    );
    if (bad.length === 0) return carried(result, `capabilities, policy ${policy}`);
    return approximated(
      result,
      `capabilities, policy ${policy}, but for ${bad.join(' ')}, which libvirt does not know`,
    );
  };

const environment: LxcRead = (domain, value) => {
  const variable = variableIn(value);
  if (variable === 'no name')
    return note(domain, 'environment', value, 'it takes the value from whoever starts the container');
  if (variable === 'not to be held') return note(domain, 'environment', value, notToBeHeld);
  if (
    variable.name === 'container_uuid' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(variable.value)
  )
    return carried({ ...domain, uuid: variable.value.toLowerCase() }, 'uuid');
  const initenvs = [...(domain.os.initenvs ?? []), variable];
  return carried(withOs(domain, { initenvs }), 'initenv');
};

const initCommand: LxcRead = (domain, value) => {
  const [init, ...initargs] = value.split(/\s+/).filter((word) => word !== '');
  if (init === undefined) return ignored('it is empty');
  return carried(
    withOs(domain, { init, ...(initargs.length === 0 ? {} : { initargs }) }),
    'init and initarg',
  );
};

const seclabel =
  (model: string): LxcRead =>
  (domain, label) =>
    carried(
      { ...domain, seclabels: [...(domain.seclabels ?? []), { type: 'static', model, label }] },
      `seclabel of ${model}`,
    );

const maxConsoles = 64;
const consoles: LxcRead = (domain, value) => {
  const count = Math.min(maxConsoles, Number(value));
  if (!/^\d{1,9}$/.test(value)) return ignored(`${value} is no number`);
  if (count === 0) return carried(domain, 'no console');
  const list = Array.from(
    { length: count },
    (_, port): Console => ({ type: 'pty', target: { type: 'lxc', port } }),
  );
  return carried({ ...domain, devices: { ...domain.devices, consoles: list } }, 'console');
};

const shares: Readonly<Record<string, 'sharenet' | 'shareipc' | 'shareuts'>> = {
  net: 'sharenet',
  ipc: 'shareipc',
  uts: 'shareuts',
};
const shareNamespace: LxcRead = (domain, value, rest) => {
  const key = Object.hasOwn(shares, rest) ? shares[rest] : undefined;
  if (key === undefined)
    return note(domain, `namespace.share.${rest}`, value, 'libvirt shares net, ipc and uts only');
  const type = /^\d+$/.test(value) ? 'pid' : 'name';
  return carried(
    { ...domain, lxcNamespace: { ...domain.lxcNamespace, [key]: { type, value } } },
    `lxc:${key}`,
  );
};

const because =
  (why: string): LxcRead =>
  (domain, value, rest) =>
    note(domain, rest, value, why);

const reads: LxcRows = {
  arch: (domain, value) =>
    carried(
      withOs(domain, {
        type: {
          ...domain.os.type,
          arch: (Object.hasOwn(arches, value) ? arches[value] : undefined) ?? value,
        },
      }),
      'arch of the type',
    ),
  'rootfs.path': rootfsPath,
  'rootfs.options': rootfsOptions,
  'mount.entry': mountEntry,
  'mount.auto': (domain, value) =>
    note(domain, 'mount.auto', value, 'the runtime mounts proc, sys and cgroup its own way'),
  idmap,
  'cap.drop': capabilities('allow', 'off'),
  'cap.keep': capabilities('deny', 'on'),
  environment,
  'init.cmd': initCommand,
  'init.cwd': (domain, value) => carried(withOs(domain, { initdir: value }), 'initdir'),
  'init.uid': (domain, value) => carried(withOs(domain, { inituser: value }), 'inituser'),
  'init.gid': (domain, value) => carried(withOs(domain, { initgroup: value }), 'initgroup'),
  ...wallReads,
  'selinux.context': seclabel('selinux'),
  'tty.max': consoles,
  'namespace.share.': shareNamespace,
  'hook.': (domain, value, rest) => note(domain, `hook.${rest}`, value, 'hooks are kept and never run'),
  ...resourceReads,
};

const fallback = because('no element holds it; kept by its name');
const readFamilies = Object.keys(reads).filter((key) => key.endsWith('.'));

function readOne(domain: Domain, setting: LxcSetting, facts: HostFacts): Outcome {
  const { name, value } = setting;
  const exact = Object.hasOwn(reads, name) ? reads[name] : undefined;
  if (exact !== undefined) return exact(domain, value, name, facts);
  const family = readFamilies.find((prefix) => name.startsWith(prefix));
  const read = family === undefined ? undefined : reads[family];
  return read === undefined || family === undefined
    ? fallback(domain, value, name, facts)
    : read(domain, value, name.slice(family.length), facts);
}

/** Settings that others build on come first. */
const first = ['arch', 'rootfs.path', 'rootfs.options'];
const rankOf = (name: string): number => {
  const at = first.indexOf(name);
  return at >= 0 ? at : first.length + groupRank(name);
};

/** Reads the configuration of one container. */
export function readLxc(files: FileSet, unit: NativeUnit, host: ReadOptions): ReadResult {
  const report = new Report(host.careful);
  const { settings, skipped } = parseLxc(files, unit.path);
  for (const { why, ...place } of skipped) report.ignored(place, why);
  const uts = settings.find(({ name }) => name === 'uts.name');
  // liblxc takes no capability away unless it is told to; libvirt's default would.
  const keeps = settings.some(({ name }) => name === 'cap.keep');
  const start = withCapabilities(emptyDomain('lxc', unit.name), keeps ? 'deny' : 'allow', []);
  let domain = withName(start, uts, report);
  let autostart = false;
  const nets = settings.filter(({ name }) => name.startsWith('net.'));
  const handled = new Set<LxcSetting>([...nets, ...(uts === undefined ? [] : [uts])]);
  for (const setting of [...settings].sort((a, b) => rankOf(a.name) - rankOf(b.name))) {
    if (handled.has(setting)) continue;
    if (setting.name === 'start.auto') {
      autostart = setting.value === '1';
      report.carried(setting, `autostart ${autostart ? 'on' : 'off'}`);
    } else if (setting.name === 'mount.fstab') domain = readFstabFile(domain, setting, files, report, host);
    else domain = settle(domain, readOne(domain, setting, host), [setting], report);
  }
  return { domain: readNetwork(domain, nets, report), autostart, report: report.rows() };
}

function withName(domain: Domain, uts: LxcSetting | undefined, report: Report): Domain {
  if (uts === undefined) return domain;
  const same = domain.name === uts.value || domain.name === '';
  const named = same ? { ...domain, name: uts.value } : { ...domain, hostname: uts.value };
  return settle(domain, carried(named, same ? 'name' : 'hostname'), [uts], report);
}

function readFstabFile(
  domain: Domain,
  setting: LxcSetting,
  files: FileSet,
  report: Report,
  host: HostFacts,
): Domain {
  const text = files.get(setting.value)?.text;
  if (text === undefined) return settle(domain, ignored(`${setting.value} was not given`), [setting], report);
  let result = settle(domain, carried(domain, 'its lines, one by one'), [setting], report);
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const place = { file: setting.value, line: index + 1, key: 'mount' };
    result = settle(result, mountEntry(result, line, '', host), [place], report);
  });
  return result;
}

const isConfig = (text: string): boolean => /^[ \t]*lxc\.[a-z]/m.test(text);

/** Containers among the files: folders with a `config`, or single files that hold lxc keys. */
export function detectLxc(files: FileSet): NativeUnit[] {
  const units: NativeUnit[] = [];
  const single = files.size === 1;
  for (const [path, { text }] of files) {
    if (text === undefined || !isConfig(text)) continue;
    const isOwn = baseName(path) === 'config';
    if (isOwn) units.push({ name: baseName(folderOf(path)) || utsName(text) || 'unnamed', path });
    else if (single)
      units.push({ name: utsName(text) ?? baseName(path).replace(/\.(conf|config)$/, ''), path });
  }
  return units;
}

const utsName = (text: string): string | undefined =>
  /^[ \t]*lxc\.uts(?:\.?name)[ \t]*=[ \t]*(\S+)[ \t]*$/m.exec(text)?.[1];

/** What the configuration includes that is not there yet. */
export function referencesOfLxc(files: FileSet, unit: NativeUnit): string[] {
  const { settings, missing } = parseLxc(files, unit.path);
  const fstabs = settings.flatMap(({ name, value }) =>
    name === 'mount.fstab' && !files.has(value) ? [value] : [],
  );
  return [...new Set([...missing, ...fstabs])];
}
