// Device files of the host that a document hands over: each a node of the container's own, with the number of the host's.
// SPDX-License-Identifier: Apache-2.0
import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../errors.js';
import { MountAttr, newMountNow } from '../../../host/mount-calls.js';
import { makeNode } from '../../../host/syscalls.js';
import { hostId, type OpenContext } from '../../../storage/index.js';

/** What mountinfo names as the source of the file system that the nodes are in. */
export const OWN_SOURCE = 'ctvirt';

/** A device of the host, as a node of the container's own. */
export interface OpenedDevice {
  readonly target: string;
  readonly path: string;
}

/**
 * A node that the container itself made would be none: the kernel takes none of a user namespace. As libvirt's driver does, the
 * container's root owns it, whoever owns the host's; others have of it what they have on the host.
 */
export function openDevices(paths: readonly string[], context: OpenContext): OpenedDevice[] {
  if (paths.length === 0) return [];
  const { mounts, map } = context;
  // Not nodev, alone of all mounts: it is the host's, and no name leads anybody but this start there.
  using memory = newMountNow({
    type: 'tmpfs',
    source: OWN_SOURCE,
    data: 'mode=711,size=64k',
    attributes: MountAttr.noSuid | MountAttr.noExec,
  });
  const folder = mounts.attach(memory, 'device-all');
  return paths.map((target, index) => {
    const { number, mode } = numberOf(target, context);
    const path = join(folder, String(index));
    const owner = { uid: hostId(map.uid, 0), gid: hostId(map.gid, 0) };
    mounts.within(() => makeNode(path, { number, mode, ...owner }));
    return { target, path };
  });
}

function numberOf(path: string, { sources }: OpenContext): { number: bigint; mode: number } {
  using source = sources.open({ source: path, kind: 'device', readOnly: true });
  const [remark] = source.remarks;
  if (remark !== undefined) throw new EngineError('denied', remark, { source: path });
  const found = fstatSync(source.fd, { bigint: true });
  if (!found.isCharacterDevice())
    throw new EngineError('invalid', `${path} is no character device of this host`, { source: path });
  return { number: found.rdev, mode: Number(found.mode) & 0o777 };
}
