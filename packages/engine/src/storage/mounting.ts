// Mounts for the moment of starting: each in a folder of its own, detached as soon as the container has its copy.
// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.js';
import { attachMount, detachMount, MountAttr, openTree, setMountAttributes } from '../host/syscalls.js';
import type { Undo } from '../host/undo.js';
import type { FilesystemSpec, StorageContext } from './backend.js';

/**
 * An empty folder to mount on; its inverse detaches what was mounted and removes it.
 * In place, not on a thread: on the run folder's tmpfs each call takes less than handing it over would.
 */
export function mountPoint(spec: FilesystemSpec, context: StorageContext, name: string, undo: Undo): string {
  const path = join(context.mounts, `${name}-${spec.key}`);
  mkdirSync(path);
  chmodSync(path, 0o711);
  undo.push(() => {
    detachMount(path);
    rmdirSync(path);
  });
  return path;
}

/** Attaches a copy of the mount at `source` to `target`, with the container's id mapping unless its files carry the ids already. */
export async function attachMapped(
  source: string,
  target: string,
  context: StorageContext,
  options: { attributes: number; mapped: boolean },
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
            `the file system of ${source} cannot be id-mapped on this kernel; give its files to a range of ids and name that range in the document's <idmap>`,
            { source },
            { cause },
          );
        }
      });
    } else {
      setMountAttributes(tree, options.attributes);
    }
    attachMount(tree, target);
  } finally {
    closeSync(tree);
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
