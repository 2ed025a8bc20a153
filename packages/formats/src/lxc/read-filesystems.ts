// The root and the mounts of an LXC configuration.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Filesystem } from '@ctvirt/xml';
import { rootOf, rootTarget, withFilesystem, withRoot } from '../edit.js';
import { filesystemOf, parseFstab, withMount } from '../fstab.js';
import { withBoundDevice } from '../group-files.js';
import { approximated, carried, ignored, type Outcome } from '../outcome.js';
import type { LxcSetting } from './parse.js';
import { type LxcRead, type LxcRows, note } from './row.js';

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
  if (rootOf(domain) === undefined)
    return note(domain, 'rootfs.options', value, 'there is no root that they are of; kept by its name');
  const result = withRoot(
    domain,
    (root) =>
      ({
        ...root,
        ...(options.includes('ro') ? { readonly: true } : {}),
        source: { ...root.source, ...(rest.length === 0 ? {} : { options: rest.join(',') }) },
      }) as typeof root,
  );
  const how = "readonly and the source's options";
  return options.some((option) => option.startsWith('idmap='))
    ? approximated(result, `${how}; its files are shifted as the domain's ids are, not by idmap`)
    : carried(result, how);
};

/** For liblxc an absolute target is a path of the host: below the root, or where the folder of that would be. */
function targetInside(domain: Domain, target: string): string | undefined {
  const root = rootOf(domain);
  if (root === undefined || !target.startsWith('/')) return target;
  const roots = [pathOf(root), `/var/lib/lxc/${domain.name}/rootfs`].map(
    (path) => `${path.replace(/\/+$/, '')}/`,
  );
  const found = roots.find((path) => target.startsWith(path));
  return found === undefined ? undefined : target.slice(found.length - 1);
}

function pathOf(root: Filesystem): string {
  switch (root.type) {
    case 'mount':
      return root.source.dir;
    case 'block':
      return root.source.dev;
    case 'file':
      return root.source.file;
    default:
      return '';
  }
}

/** Reads a line of fstab to a file system, or to a device where that is bound to its own place. */
export const mountEntry: LxcRead = (domain, value) => {
  const line = parseFstab(value);
  if (line === undefined) return ignored('it has no source, target and type');
  const target = targetInside(domain, line.target);
  if (target === undefined)
    return note(
      domain,
      'mount.entry',
      value,
      `liblxc leaves it out, too: ${line.target} is a path of the host, and not below the root`,
    );
  const entry = { ...line, target };
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
  const result = withMount(domain, found);
  const how = `filesystem of type ${found.filesystem.type}`;
  return found.loss === undefined ? carried(result, how) : approximated(result, `${how}; ${found.loss}`);
};

/** Before LXC 2.1 the kind of storage had a key of its own, where it is a prefix of the path now. */
export const withBackend = (setting: LxcSetting, backend: string): LxcSetting =>
  setting.name === 'rootfs.path' && !/^[a-z]+:/.test(setting.value) && Object.hasOwn(rootMakers, backend)
    ? { ...setting, value: `${backend}:${setting.value}` }
    : setting;

/** The keys of the root and of mounts. */
export const filesystemReads: LxcRows = {
  'rootfs.path': rootfsPath,
  'rootfs.options': rootfsOptions,
  'mount.entry': mountEntry,
  'mount.auto': (domain, value) =>
    note(domain, 'mount.auto', value, 'the runtime mounts proc, sys and cgroup its own way'),
};
