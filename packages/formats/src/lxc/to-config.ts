// A domain written as liblxc configuration, for both control group hierarchies, with what it cannot say reported.
// SPDX-License-Identifier: Apache-2.0

import type { Domain, Filesystem } from '@ctvirt/xml';
import { parametersWith } from '../beancounters.js';
import { capabilityStates, rootOf } from '../edit.js';
import type { HostFacts } from '../format.js';
import { isMountNote, keptMount } from '../fstab.js';
import type { Unsaid } from '../output.js';
import type { ReportRow } from '../report.js';
import { resourcesOf } from '../resources/resources-of.js';
import { archName } from './names.js';
import { notePrefix } from './row.js';
import { Rows } from './rows.js';
import { wallsOf } from './walls.js';
import { formatCommand, formatLxcConfig, formatMountEntry, type LxcMount } from './write.js';
import { isNetworkNote, writeNetwork } from './write-network.js';
import { writeDevices, writeGroups, writeIo } from './write-resources.js';

/** A configuration written, and what liblxc could not be told. */
export interface LxcText {
  readonly text: string;
  readonly report: readonly ReportRow[];
}

/** Writes the configuration; `file` names it in the report. */
export function writeLxc(
  domain: Domain,
  facts: HostFacts & { readonly autostart?: boolean | undefined; readonly file?: string },
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
  for (const { name, value } of parametersWith(domain, notePrefix))
    if (!isNetworkNote(name)) out.keep(name, value);
  reportRest(domain, out);
  return { text: formatLxcConfig(out.rows), report: out.report.rows() };
}

function writeIdentity(domain: Domain, out: Rows, autostart: boolean): void {
  out.put('uts.name', domain.hostname ?? domain.name);
  const arch = domain.os.type.arch;
  const name = arch === undefined ? undefined : archName(arch);
  if (arch !== undefined && name === undefined) out.lose('lxc.arch', `liblxc knows no architecture ${arch}`);
  out.put('arch', name);
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

/** The root's path as liblxc wants it; undefined for a type that it has no roots of. */
function rootPath(root: Filesystem): string | undefined {
  switch (root.type) {
    case 'mount':
      return `dir:${root.source.dir}`;
    case 'block':
      return root.source.dev;
    case 'file':
      return `${root.driver?.type === 'nbd' ? 'nbd' : 'loop'}:${root.source.file}`;
    default:
      return undefined;
  }
}

const inRoot = (path: string): string => path.replace(/^\/+/, '');

/** A mount besides the root: what fstab's fields say of it but for its options of every kind. */
interface MountText {
  readonly source: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Undefined for a type that liblxc has no mounts of. */
function mountText(one: Filesystem): MountText | undefined {
  switch (one.type) {
    case 'mount':
      return { source: one.source.dir, type: 'none', options: ['bind'] };
    case 'bind':
      return { source: inRoot(one.source.dir), type: 'none', options: ['bind', 'relative'] };
    case 'ram':
      return { source: 'tmpfs', type: 'tmpfs', options: [`size=${one.source.usageKiB}k`] };
    case 'block':
      // liblxc tries no types: ext4 is what is most likely there, and the report says that it is a guess.
      return { source: one.source.dev, type: 'ext4', options: [] };
    default:
      return undefined;
  }
}

function mountEntryOf(domain: Domain, one: Filesystem, { source, type, options }: MountText): LxcMount {
  const target = one.target?.dir ?? '';
  const kept = keptMount(domain, target);
  const own = kept.words.includes('rbind') ? options.filter((option) => option !== 'bind') : options;
  return {
    source,
    target,
    type: one.type === 'block' ? (kept.type ?? type) : type,
    options: [
      ...own,
      ...(one.readonly === true ? ['ro'] : []),
      ...optionsOf(one.source.options),
      ...kept.words,
      ...(kept.words.includes('create=file') ? [] : ['create=dir']),
    ],
  };
}

function writeFilesystems(domain: Domain, out: Rows): void {
  const root = rootOf(domain);
  if (root !== undefined) {
    const path = rootPath(root);
    if (path === undefined)
      out.lose('lxc.rootfs.path', `liblxc has no root of type ${root.type}: make a directory of it`);
    else out.put('rootfs.path', path);
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
    const text = mountText(one);
    if (text === undefined) out.lose(key, `liblxc has no mounts of type ${one.type}`);
    else out.try(key, () => out.put('mount.entry', formatMountEntry(mountEntryOf(domain, one, text))));
    if (one.type === 'block' && keptMount(domain, one.target?.dir ?? '').type === undefined)
      out.report.approximated(
        { file: out.file, line: 0, key },
        'as ext4: liblxc must be told the type of a file system',
      );
  });
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

/** Elements that liblxc has no word for. */
const unsaid: Unsaid = {
  description: 'a configuration has no place for it',
  title: 'a configuration has no place for it',
  dns: 'liblxc leaves /etc/resolv.conf to the container',
  profile: 'its values are written, its name is not',
  resource: 'liblxc chooses control groups by itself',
};

function reportRest(domain: Domain, out: Rows): void {
  out.loseParts(domain, unsaid);
  const kept = (domain.beancounters ?? []).filter(
    ({ name }) => !name.startsWith(notePrefix) && !isMountNote(name),
  );
  for (const { name, value } of kept)
    if (value !== undefined) out.lose(name, 'a parameter of another format');
}
