// Mounts for the moment of starting: made detached, furnished, id-mapped, and attached where only the start finds them.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, realpathSync } from 'node:fs';
import { EngineError, errnoOf } from '../../errors.js';
import {
  ACCESS_TIMES,
  cloneMount,
  type DetachedMount,
  MountAttr,
  MountFlag,
  setMountAttributes,
} from '../../host/mount-calls.js';
import { mountAt } from '../../host/mountinfo.js';
import type { Undo } from '../../host/undo.js';
import {
  type FilesystemSpec,
  type OpenContext,
  type Opened,
  rootOwner,
  type StorageContext,
} from '../contract/backend.js';

const O_PATH = 0o10000000;

/** Makes a detached mount the container's: furnished, mapped unless its files carry the ids already, and attached. */
export async function handOver(
  spec: FilesystemSpec,
  tree: DetachedMount,
  context: OpenContext,
  undo: Undo,
  attributes: number,
): Promise<Opened> {
  context.furnish(spec, { root: tree.fd, owner: rootOwner(context, context.shifted) });
  const { forHost, shifted } = context;
  await mapTree(tree, spec.source, context, { attributes, mapped: !shifted && forHost === undefined });
  if (shifted) await forHost?.(tree);
  const path = context.mounts.attach(tree, `root-${spec.key}`);
  const root = openSync(`/proc/self/fd/${tree.fd}`, O_PATH);
  undo.push(() => closeSync(root));
  return { path, root };
}

type MappedContext = Pick<StorageContext, 'map' | 'namespaces'>;
interface MappedOptions {
  readonly attributes: number;
  readonly mapped: boolean;
}

/** A copy of the mount that an open folder lies on, with the container's id mapping. */
export async function mappedClone(
  folder: number,
  source: string,
  context: MappedContext,
  options: MappedOptions,
): Promise<DetachedMount> {
  const tree = cloneMount(folder, source);
  try {
    await mapTree(tree, source, context, options);
    return tree;
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
}

async function mapTree(
  tree: DetachedMount,
  source: string,
  context: MappedContext,
  { attributes, mapped }: MappedOptions,
): Promise<void> {
  if (!mapped) return setMountAttributes(tree, attributes);
  await context.namespaces.with(context.map, (fd) => {
    try {
      setMountAttributes(tree, attributes, fd);
    } catch (cause) {
      if (errnoOf(cause) !== 'EINVAL') throw cause;
      throw new EngineError(
        'unsupported',
        `the ${typeAt(source)} file system of ${source} cannot be id-mapped on this kernel; give its files to a range of ids and name that range in the document's <idmap>`,
        { source },
        { cause },
      );
    }
  });
}

/** The name of the file system that a path lies on, for messages; empty where it cannot be told. */
function typeAt(path: string): string {
  try {
    return mountAt(realpathSync(path))?.type ?? '';
  } catch {
    return ''; // gone meanwhile
  }
}

/** What a word sets, and what it takes from the words before it. */
type Word = readonly [sets: number, clears: number];
const words: Readonly<Record<string, Word>> = {
  ro: [MountAttr.readOnly, 0],
  rw: [0, MountAttr.readOnly],
  nosuid: [MountAttr.noSuid, 0],
  suid: [0, MountAttr.noSuid],
  nodev: [MountAttr.noDev, 0],
  noexec: [MountAttr.noExec, 0],
  exec: [0, MountAttr.noExec],
  noatime: [MountAttr.noAtime, ACCESS_TIMES],
  strictatime: [MountAttr.strictAtime, ACCESS_TIMES],
  // What nobody asked for is the kernel's own choice, relatime.
  relatime: [0, ACCESS_TIMES],
  atime: [0, ACCESS_TIMES],
  nodiratime: [MountAttr.noDirAtime, 0],
  diratime: [0, MountAttr.noDirAtime],
  defaults: [0, 0],
};
/** The same for mount(2). */
const flagsByAttribute = [
  [MountAttr.readOnly, MountFlag.readOnly],
  [MountAttr.noSuid, MountFlag.noSuid],
  [MountAttr.noDev, MountFlag.noDev],
  [MountAttr.noExec, MountFlag.noExec],
  [MountAttr.noAtime, MountFlag.noAtime],
  [MountAttr.strictAtime, MountFlag.strictAtime],
  [MountAttr.noDirAtime, MountFlag.noDirAtime],
] as const;
/** Splits mount options into attributes every mount knows and what only its file system does. Of words that differ the last counts. */
export function splitOptions(spec: Optioned): { attributes: number; data: string } {
  let asked = 0;
  const data: string[] = [];
  for (const option of spec.options) {
    const word = words[option];
    if (word === undefined) {
      data.push(option);
      continue;
    }
    const [sets, clears] = word;
    asked = (asked & ~clears) | sets;
  }
  // Device files have no business in a container: nodev always. Nor does any word undo the document's <readonly/>.
  const attributes = asked | MountAttr.noDev | (spec.readOnly ? MountAttr.readOnly : 0);
  return { attributes, data: data.join(',') };
}

type Optioned = Pick<FilesystemSpec, 'readOnly' | 'options'>;

/** Of what is no file system by itself; throws `unsupported` for options that only some file system knows. */
export function attributesOf(spec: Optioned, what: string): number {
  const { attributes, data } = splitOptions(spec);
  if (data !== '')
    throw new EngineError(
      'unsupported',
      `${what} has no mount option '${data}': ${Object.keys(words).join(', ')} are known here`,
      { options: spec.options },
    );
  return attributes;
}

export function flagsOf(attributes: number): number {
  return flagsByAttribute.reduce((flags, [one, flag]) => flags | ((attributes & one) === 0 ? 0 : flag), 0);
}
