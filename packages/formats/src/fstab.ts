// Mount lines in fstab's form, as LXC and Linux-VServer use them, and the file systems they stand for.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, type Filesystem, parseSize } from '@ctvirt/xml';
import { withAnother } from './beancounters.js';
import { withFilesystem } from './edit.js';

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
/** Made anew in each container, with nothing of the host's in them; of /dev these are its own to fill. */
const madeAnew = /^\/(proc|sys|dev(?!\/(shm|mqueue|hugepages)(\/|$)))(?=\/|$)/;
const basicTypes = new Set(['proc', 'sysfs', 'devpts', 'cgroup', 'cgroup2', 'devtmpfs']);
const networkTypes = new Set(['nfs', 'nfs4', 'cifs', 'smbfs', '9p', 'ceph', 'glusterfs']);
/** What every mount gets here anyway, or what only the tool that reads fstab cares for. */
const silent = new Set(['defaults', 'bind', 'rw', 'ro', 'auto', 'nomtab', 'relative', 'create=dir']);
/** What no element holds: kept beside the file system by its place, for the way back, with what differs here. */
const keptWords: Readonly<Record<string, string | undefined>> = {
  'create=file': undefined,
  optional: 'optional: here the container does not start without its source',
  rbind: 'rbind: what is mounted below its source is not seen',
};
const idmapped = 'idmap: its files are shown as their owners are on the host';
const isKept = (option: string): boolean => Object.hasOwn(keptWords, option) || option.startsWith('idmap=');
const defaultRamKiB = 65_536;

/** The file system of an entry, what differs and what is kept beside it, or why there is none. */
export type MountReading =
  | {
      readonly filesystem: Filesystem;
      readonly kept?: string;
      readonly loss?: string;
      readonly why?: undefined;
    }
  | { readonly filesystem?: undefined; readonly why: string };

/** Turns an entry into a file system; `inside` sources are paths in the container already. */
export function filesystemOf(entry: FstabEntry, options: { readonly inside?: boolean } = {}): MountReading {
  const dir = entry.target.startsWith('/') ? entry.target : `/${entry.target}`;
  const why = obstacleOf(entry, dir);
  if (why !== undefined) return { why };
  const { filesystem, loss, type } = makeFilesystem(entry, dir, options.inside === true);
  if (filesystem === undefined) return { why: loss };
  const words = entry.options.filter(isKept);
  const losses = [
    loss,
    ...words.map((word) => (word.startsWith('idmap=') ? idmapped : keptWords[word])),
  ].filter((one) => one !== undefined);
  return {
    filesystem,
    ...(words.length === 0 && type === undefined ? {} : { kept: [type ?? entry.type, ...words].join(' ') }),
    ...(losses.length === 0 ? {} : { loss: losses.join('; ') }),
  };
}

/** Why no file system of a container can be made of an entry. */
function obstacleOf({ type, options }: FstabEntry, dir: string): string | undefined {
  if (dir !== '/' && (basic.test(dir) || basicTypes.has(type))) return `${dir} is mounted by the runtime`;
  if (networkTypes.has(type)) return `${type}: mount it on the host and bind it into the container`;
  const [made] = madeAnew.exec(dir) ?? [];
  if (made !== undefined && options.includes('optional'))
    return `${made} is made anew in each container, which starts without what is optional there`;
  if (type === 'overlay' || type === 'overlayfs' || type === 'aufs') return `${type} mounts have no element`;
  return options.includes('noauto') ? 'noauto: nothing mounts it at the start' : undefined;
}

type Made =
  /** `type` is one that no element holds. */
  | { readonly filesystem: Filesystem; readonly type?: string; readonly loss?: string }
  | { readonly filesystem?: undefined; readonly type?: undefined; readonly loss: string };

function makeFilesystem(entry: FstabEntry, dir: string, isInside: boolean): Made {
  const readonly = entry.options.includes('ro') ? { readonly: true } : {};
  const common = { accessmode: 'passthrough', target: { dir }, ...readonly } as const;
  if (entry.type === 'tmpfs' || entry.type === 'ramfs') return memory(entry, common);
  const rest = restOf(entry);
  if (isInside)
    return { filesystem: { type: 'bind', source: { dir: withSlash(entry.source), ...rest }, ...common } };
  if (!entry.source.startsWith('/')) return { loss: `${entry.source} is no path on the host` };
  if (isBlockDevice(entry))
    return {
      filesystem: { type: 'block', source: { dev: entry.source, ...rest }, ...common },
      type: entry.type,
    };
  return { filesystem: { type: 'mount', source: { dir: entry.source, ...rest }, ...common } };
}

/** The options that the source of a file system holds. */
function restOf({ options }: FstabEntry, taken = ''): { options?: string } {
  const rest = options.filter(
    (option) => !silent.has(option) && !isKept(option) && (taken === '' || !option.startsWith(taken)),
  );
  return rest.length === 0 ? {} : { options: rest.join(',') };
}

const withSlash = (path: string): string => (path.startsWith('/') ? path : `/${path}`);

function isBlockDevice({ source, type, options }: FstabEntry): boolean {
  const binds = options.includes('bind') || options.includes('rbind');
  return source.startsWith('/dev/') && !binds && type !== 'none' && type !== 'bind';
}

function memory(
  entry: FstabEntry,
  common: Pick<Filesystem, 'accessmode'> & { target: { dir: string } },
): Made {
  const given = entry.options.find((option) => option.startsWith('size='))?.slice('size='.length);
  const usageKiB = given === undefined ? undefined : parseSize(given, 'KiB');
  const source = { usageKiB: usageKiB ?? defaultRamKiB, ...restOf(entry, 'size=') };
  const filesystem: Filesystem = { type: 'ram', source, ...common };
  if (usageKiB !== undefined) return { filesystem };
  const said = given === undefined ? 'no size is given' : `the size ${given} is none in bytes`;
  return { filesystem, loss: `${said}: ${defaultRamKiB / 1024} MiB` };
}

/** Where it is kept what no element holds of a mount: its type and options, by its place in the container. */
const keptPrefix = 'fstab.';
/** True for the name of a parameter that keeps a mount's type and options. */
export const isMountNote = (name: string): boolean => name.startsWith(keptPrefix);

/** The domain with a file system that was read, and what is kept beside it. */
export function withMount(
  domain: Domain,
  { filesystem, kept }: Extract<MountReading, { why?: undefined }>,
): Domain {
  const result = withFilesystem(domain, filesystem);
  const dir = filesystem.target?.dir;
  return kept === undefined || dir === undefined ? result : withAnother(result, keptPrefix + dir, kept);
}

/** The type that was kept of the mount there, and its options that no element holds. */
export function keptMount(
  domain: Domain,
  dir: string,
): { type: string | undefined; words: readonly string[] } {
  const found = domain.beancounters?.find(({ name }) => name === keptPrefix + dir)?.value;
  const [type, ...words] = found?.split(' ') ?? [];
  return { type, words };
}
