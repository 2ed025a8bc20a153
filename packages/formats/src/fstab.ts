// Mount lines in fstab's form, as LXC and Linux-VServer use them, and the file systems they stand for.
// SPDX-License-Identifier: Apache-2.0
import { type Filesystem, parseSize } from '@ctvirt/xml';

/** One line, escapes undone. */
export interface FstabEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Reads a line with at least source, target and type; undefined otherwise. */
export function parseFstab(text: string): FstabEntry | undefined {
  const [source, target, type, options = 'defaults'] = text.trim().split(/\s+/).map(unescapeField);
  if (source === undefined || source === '' || target === undefined || type === undefined) return undefined;
  return { source, target, type, options: options.split(',').filter((option) => option !== '') };
}

function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

const escapes: Readonly<Record<string, string>> = {
  ' ': '\\040',
  '\t': '\\011',
  '\n': '\\012',
  '\\': '\\134',
};

/** One field, blanks and backslashes as octal numbers: any path fits. */
export function fstabField(text: string): string {
  return text.replace(/[ \t\n\\]/g, (character) => escapes[character] ?? character);
}

/** What the runtime mounts by itself. */
const basic =
  /^\/(proc(\/sys(\/net\/ipv[46])?)?|sys(\/kernel\/security|\/fs\/selinux|\/fs\/cgroup)?|dev\/pts)$/;
const basicTypes = new Set(['proc', 'sysfs', 'devpts', 'cgroup', 'cgroup2', 'devtmpfs']);
const networkTypes = new Set(['nfs', 'nfs4', 'cifs', 'smbfs', '9p', 'ceph', 'glusterfs']);
/** What every mount gets here anyway, or what only the tool that reads fstab cares for. */
const silent = new Set([
  'defaults',
  'bind',
  'rbind',
  'rw',
  'ro',
  'auto',
  'noauto',
  'nomtab',
  'relative',
  'optional',
  'create=dir',
  'create=file',
]);
const defaultRamKiB = 65_536;

/** The file system of an entry, whether all of it is in there, or why there is none. */
export type MountReading =
  | { readonly filesystem: Filesystem; readonly loss?: string; readonly why?: undefined }
  | { readonly filesystem?: undefined; readonly why: string };

/** Turns an entry into a file system; `inside` sources are paths in the container already. */
export function filesystemOf(entry: FstabEntry, options: { readonly inside?: boolean } = {}): MountReading {
  const dir = entry.target.startsWith('/') ? entry.target : `/${entry.target}`;
  if (dir !== '/' && (basic.test(dir) || basicTypes.has(entry.type)))
    return { why: `${dir} is mounted by the runtime` };
  if (networkTypes.has(entry.type))
    return { why: `${entry.type}: mount it on the host and bind it into the container` };
  if (entry.type === 'overlay' || entry.type === 'overlayfs' || entry.type === 'aufs')
    return { why: `${entry.type} mounts have no element` };
  const readonly = entry.options.includes('ro') ? { readonly: true } : {};
  const common = { accessmode: 'passthrough', target: { dir }, ...readonly } as const;
  if (entry.type === 'tmpfs' || entry.type === 'ramfs') return memory(entry, common);
  const rest = entry.options.filter((option) => !silent.has(option)).join(',');
  const kept = rest === '' ? {} : { options: rest };
  if (options.inside === true)
    return { filesystem: { type: 'bind', source: { dir: withSlash(entry.source), ...kept }, ...common } };
  if (!entry.source.startsWith('/')) return { why: `${entry.source} is no path on the host` };
  if (isBlockDevice(entry))
    return { filesystem: { type: 'block', source: { dev: entry.source, ...kept }, ...common } };
  return { filesystem: { type: 'mount', source: { dir: entry.source, ...kept }, ...common } };
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

function isBlockDevice({ source, type, options }: FstabEntry): boolean {
  const binds = options.includes('bind') || options.includes('rbind');
  return source.startsWith('/dev/') && !binds && type !== 'none' && type !== 'bind';
}

function memory(
  { options }: FstabEntry,
  common: Pick<Filesystem, 'accessmode'> & { target: { dir: string } },
): MountReading {
  const given = options.find((option) => option.startsWith('size='))?.slice('size='.length);
  const usageKiB = given === undefined ? undefined : parseSize(given, 'KiB');
  const rest = options.filter((option) => !silent.has(option) && !option.startsWith('size=')).join(',');
  const source = { usageKiB: usageKiB ?? defaultRamKiB, ...(rest === '' ? {} : { options: rest }) };
  const filesystem: Filesystem = { type: 'ram', source, ...common };
  if (usageKiB !== undefined) return { filesystem };
  const said = given === undefined ? 'no size is given' : `the size ${given} is none in bytes`;
  return { filesystem, loss: `${said}: ${defaultRamKiB / 1024} MiB` };
}
