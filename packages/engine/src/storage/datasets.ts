// Datasets of ZFS that a container's root administers: made ready on the host, before the container's namespace is there.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { EngineError, isFault } from '../errors.js';
import { run } from '../host/run.js';

/** By which ZFS is administered; it asks the kernel who may what. */
export const zfsDevice = '/dev/zfs';

/** Makes it one that the host does not mount: what a container has put into its `mountpoint` is not to be obeyed there. */
export async function readyDataset(name: string): Promise<void> {
  refuseOldZfs(name);
  const { stdout } = await run(['/sbin/zfs', 'get', '-H', '-o', 'value', 'zoned', name]).catch((error) => {
    if (!isFault(error, 'host-command') || !error.message.includes('does not exist')) throw error;
    throw new EngineError(
      'not-found',
      `this host has no dataset '${name}': \`zfs create ${name}\` makes it`,
      { name },
    );
  });
  if (stdout.trim() !== 'on') await run(['/sbin/zfs', 'set', 'zoned=on', name]);
}

/** Before 2.2 datasets belong to no namespace, and whoever opens the device is asked for nothing. */
function refuseOldZfs(name: string): void {
  const what = `dataset '${name}' cannot be handed over`;
  if (!existsSync(zfsDevice))
    throw new EngineError('unsupported', `${what}: this host's kernel has no ZFS (modprobe zfs)`, { name });
  const version = readFileSync('/sys/module/zfs/version', 'utf8').trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 2)) return;
  throw new EngineError('unsupported', `${what}: ZFS ${version} knows no namespaces, 2.2 does`, { name });
}
