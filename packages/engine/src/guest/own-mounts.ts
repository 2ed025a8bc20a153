// What a container's mounts show of the host: nothing but what its start handed over, by the container's own mountinfo.
// SPDX-License-Identifier: Apache-2.0
import type { MountEntry } from '../host/mountinfo.js';
import { isPathIn } from '../host/paths.js';

/** Input of `strangers`. */
export interface Seen {
  /** Of the container's init. */
  readonly inside: readonly MountEntry[];
  /** What the start handed over. */
  readonly handed: readonly Pick<MountEntry, 'device' | 'root'>[];
  /** All others that the host has, or had for the start. */
  readonly others: readonly MountEntry[];
}

/** Views of the kernel, which each container has of its own: a namespace decides what they show. */
const kernelTypes = new Set(['proc', 'sysfs', 'cgroup', 'cgroup2', 'devpts', 'mqueue', 'fuse.lxcfs']);
/** The device files that liblxc gives each container. */
const nodes = new Set(['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console']);

/** Mounts of file systems of the host that were not handed over, or not from there on down. */
export function strangers({ inside, handed, others }: Seen): MountEntry[] {
  const known = new Set([...handed, ...others].map(({ device }) => device));
  const devices = others.filter(({ target }) => target === '/dev').map(({ device }) => device);
  // A host that is itself a container may have each node from elsewhere.
  const single = others.filter(({ target }) => target.startsWith('/dev/') && nodes.has(target.slice(5)));
  return inside.filter(({ device, root, type }) => {
    if (!known.has(device) || kernelTypes.has(type)) return false;
    if (devices.includes(device) && nodes.has(root.split('/').at(-1) ?? '')) return false;
    if (single.some((own) => own.device === device && own.root === root)) return false;
    return !handed.some((own) => own.device === device && isPathIn(root, own.root));
  });
}
