// Where other systems on this host keep a container's configuration, and its files as text.
// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  constants,
  type Dirent,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import {
  entryOf,
  type FileEntry,
  type FileSet,
  type FormatHome,
  formats,
  type NativeUnit,
  withReferences,
} from '@ctvirt/formats';
import { EngineError, isFault } from '../errors.js';
import { isPathIn, kernelFolders } from '../host/paths.js';
import { requireTrusted } from '../host/trusted.js';

/** The systems whose containers can be adopted. */
export const adoptableFormats = ['openvz', 'lxc', 'vserver'] as const;
/** One of them. */
export type AdoptableFormat = (typeof adoptableFormats)[number];

/** A container's configuration, ready for its format to read. */
export interface NativeConfig {
  readonly unit: NativeUnit;
  readonly files: FileSet;
}

const mostBytes = 4 * 1024 * 1024;
const mostFiles = 4096;

/** Reads a container's configuration; throws `not-found` where there is none, `invalid` for what cannot be one. */
export function readNativeConfig(
  format: AdoptableFormat,
  name: string,
  config: string | undefined,
): NativeConfig {
  if (name === '' || name.startsWith('.') || /[/\0]/.test(name))
    throw new EngineError(
      'invalid',
      `'${name}' is no container's name; a configuration elsewhere is named besides, with --config`,
      { name },
    );
  if (config !== undefined && !isAbsolute(config))
    throw new EngineError('invalid', `the path of a configuration begins with a slash: '${config}'`);
  const { files } = formats[format];
  const { home } = files;
  if (home === undefined)
    throw new EngineError('unsupported', `no host of Linux has containers of ${format}`, { format });
  const unit = unitOf(home, name, config);
  const own = new Map<string, FileEntry>();
  if (!home.isFolder) own.set(unit.path, readNeeded(unit.path));
  else walk(unit.path, own);
  if (own.size === 0)
    throw new EngineError('not-found', `${unit.path} holds no configuration`, { path: unit.path });
  for (const shared of files.shared.map((path) => join(dirname(unit.path), path))) {
    const link = files.keepsLinks ? linkAt(shared) : undefined;
    const entry = link === undefined ? readOptional(shared) : { link };
    if (entry !== undefined) own.set(shared, entry);
  }
  return { unit, files: withReferences(formats[format], own, unit, readReference) };
}

/** What lies where a host keeps the containers of a system, by their names; `below` is the host's root. */
export function configurationsOf(format: AdoptableFormat, below: string): { name: string; config: string }[] {
  const { home } = formats[format].files;
  // A number is a name everywhere.
  const sample = home?.at('1')?.split('/');
  const at = sample?.findIndex((part) => part.startsWith('1')) ?? -1;
  if (home === undefined || sample === undefined || at < 0) return [];
  return foldersEntries(join(below, ...sample.slice(0, at))).flatMap((entry) => {
    const path = ['', ...sample.slice(1, at), entry, ...sample.slice(at + 1)].join('/');
    const name = home.nameAt(path);
    const isOne = name !== undefined && home.at(name) === path && existsSync(join(below, path));
    return isOne ? [{ name, config: join(below, path) }] : [];
  });
}

/** None where that system is not on this host. */
function foldersEntries(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((entry) => !entry.startsWith('.'))
      .sort(new Intl.Collator('en', { numeric: true }).compare)
      .slice(0, mostFiles);
  } catch {
    return []; // not there
  }
}

/** The container of that name: where the host keeps it, or where it was said to be. */
function unitOf(home: FormatHome, name: string, config: string | undefined): NativeUnit {
  const own = home.at(name) === undefined ? nameBehind(home, name, config) : name;
  const path = config ?? home.at(own) ?? '';
  return { name: own, path: home.isFolder ? path.replace(/(?<=.)\/+$/, '') : path };
}

/** A host keeps a link for each container that has a name besides its own; a file may tell its own one too. */
function nameBehind(home: FormatHome, name: string, config: string | undefined): string {
  const link = config ?? linkAt(home.linkOf?.(name) ?? '');
  const own = home.nameAt(link ?? '');
  if (own !== undefined) return own;
  throw new EngineError(
    config === undefined ? 'not-found' : 'invalid',
    config === undefined
      ? `there is no OpenVZ container '${name}': /etc/vz/names knows no such name; its number is known too`
      : `'${name}' is no container's number, and ${config} does not tell it either: name the container by its CTID`,
    { name },
  );
}

function walk(folder: string, files: Map<string, FileEntry>): void {
  let entries: Dirent[];
  try {
    refuseKernels(folder, realpathSync(folder));
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw cause instanceof EngineError ? cause : unreadable(folder, cause);
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      walk(path, files);
      continue;
    }
    if (files.size >= mostFiles)
      throw new EngineError('invalid', `${folder} has more than ${mostFiles} files: it is no configuration`);
    if (entry.isSymbolicLink()) files.set(path, { link: linkOf(path) });
    else if (entry.isFile()) files.set(path, readNeeded(path));
  }
}

/** A file, or the *.conf of a folder; none where there is nothing to be had, which the format reports. */
function readReference(path: string): [string, FileEntry][] {
  // Relative to nothing that is known here.
  if (!isAbsolute(path)) return [];
  const folder = confsIn(path);
  const paths = folder === undefined ? [path] : folder.map((name) => join(path, name));
  return paths.flatMap((one): [string, FileEntry][] => {
    const entry = readOptional(one);
    return entry === undefined ? [] : [[one, entry]];
  });
}

/** Undefined of what is no folder. */
function confsIn(path: string): string[] | undefined {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch {
    return undefined; // whoever reads it as a file tells what is wrong with it
  }
  return names
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .slice(0, mostFiles);
}

/** A configuration file; undefined where there is none. What is there and cannot be read may say anything, and is no matter of taste. */
function readOptional(path: string): FileEntry | undefined {
  try {
    return readNeeded(path);
  } catch (error) {
    if (isFault(error, 'not-found')) return undefined;
    throw error;
  }
}

function readNeeded(path: string): FileEntry {
  let file: number;
  try {
    // Without waiting: a pipe in a file's place must not stop the daemon.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > mostBytes)
      throw new EngineError('invalid', `${path} is no configuration file of up to ${mostBytes} bytes`, {
        path,
      });
    // Whoever can write it decides what of the host its container gets.
    requireTrusted(path, 'copy it to where only root writes and name that with --config');
    // Reading some of them changes the host, and they call themselves ordinary.
    refuseKernels(path, realpathSync(path));
    return entryOf(readFileSync(file));
  } catch (cause) {
    throw cause instanceof EngineError ? cause : unreadable(path, cause);
  } finally {
    closeSync(file);
  }
}

function refuseKernels(path: string, real: string): void {
  const folder = kernelFolders.find((one) => isPathIn(real, one));
  if (folder === undefined) return;
  throw new EngineError('invalid', `${path} is the kernel's own (${folder}), and no configuration`, { path });
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): EngineError {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return isMissing
    ? new EngineError('not-found', `there is no ${path} on this host`, { path }, { cause })
    : new EngineError('invalid', `${path} cannot be read: ${String(cause)}`, { path }, { cause });
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // not there, or no link
  }
}
