// Mounts for the moment of starting: each in a folder of its own, detached as soon as the container has its copy.
// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, realpathSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { mountAt } from '../host/mountinfo.js';
import { attachMount, detachMount, MountAttr, openTree, setMountAttributes } from '../host/syscalls.js';
import type { Undo } from '../host/undo.js';
import type { FilesystemSpec, StorageContext } from './backend.js';

/**
 * An empty folder to mount on; its inverse detaches what was mounted and removes it.
 * In place, not on a thread: on the run folder's tmpfs each call takes less than handing it over would.
 */
export function mountPoint(
  spec: FilesystemSpec,
  context: Pick<StorageContext, 'mounts'>,
  name: string,
  undo: Undo,
): string {
  const path = join(context.mounts, `${name}-${spec.key}`);
  mkdirSync(path);
  chmodSync(path, 0o711);
  undo.push(() => {
    detachMount(path);
    rmdirSync(path);
  });
  return path;
}

/** A folder for the mounts of one moment. The container's root user must be able to pass here, and nobody else to find the way. */
export function openMoment(parent: string, name: string, undo: Undo): string {
  const folder = join(parent, `${name}~${randomBytes(8).toString('hex')}`);
  mkdirSync(folder);
  chmodSync(folder, 0o711);
  undo.push(() => rmdirSync(folder));
  return folder;
}

type MappedContext = Pick<StorageContext, 'map' | 'namespaces'>;
interface MappedOptions {
  readonly attributes: number;
  readonly mapped: boolean;
}

/** Attaches a copy of the mount at `source` to `target`, with the container's id mapping unless its files carry the ids already. */
export async function attachMapped(
  source: string,
  target: string,
  context: MappedContext,
  options: MappedOptions,
): Promise<void> {
  await withMappedTree(source, context, options, (tree) => attachMount(tree, target));
}

/** Fails as `attachMapped` would, and attaches nothing. */
export async function tryMapped(
  source: string,
  context: MappedContext,
  options: MappedOptions,
): Promise<void> {
  await withMappedTree(source, context, options, () => undefined);
}

async function withMappedTree(
  source: string,
  context: MappedContext,
  options: MappedOptions,
  use: (tree: number) => void,
): Promise<void> {
  const tree = openTree(source);
  try {
    if (options.mapped) {
      await context.namespaces.with(context.map, (fd) => {
        try {
          setMountAttributes(tree, options.attributes, fd);
        } catch (cause) {
          if (!(cause instanceof EngineError) || cause.details['errno'] !== 'EINVAL') throw cause;
          throw new EngineError(
            'unsupported',
            `the ${typeAt(source)} file system of ${source} cannot be id-mapped on this kernel; give its files to a range of ids and name that range in the document's <idmap>`,
            { source },
            { cause },
          );
        }
      });
    } else {
      setMountAttributes(tree, options.attributes);
    }
    use(tree);
  } finally {
    closeSync(tree);
  }
}

/** The name of the file system that a path lies on, for messages; empty where it cannot be told. */
function typeAt(path: string): string {
  try {
    return mountAt(realpathSync(path))?.type ?? '';
  } catch {
    return ''; // gone meanwhile
  }
}

const attributeOptions: Readonly<Record<string, number>> = {
  ro: MountAttr.readOnly,
  nosuid: MountAttr.noSuid,
  nodev: MountAttr.noDev,
  noexec: MountAttr.noExec,
  noatime: MountAttr.noAtime,
};
/** Spelled out by many, and what happens anyway. */
const neutralOptions = new Set(['rw', 'suid', 'exec', 'atime', 'relatime', 'defaults']);

/** Splits mount options into attributes every mount knows and what only its file system does. */
export function splitOptions(spec: FilesystemSpec): { attributes: number; data: string } {
  // Device files have no business in a container: nodev always.
  let attributes: number = MountAttr.noDev | (spec.readOnly ? MountAttr.readOnly : 0);
  const data: string[] = [];
  for (const option of spec.options) {
    const attribute = attributeOptions[option];
    if (attribute !== undefined) attributes |= attribute;
    else if (!neutralOptions.has(option)) data.push(option);
  }
  return { attributes, data: data.join(',') };
}
