// A block device of the host as a file system of the container.
// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../errors.js';
import { diskOfDevice } from '../../host/disks.js';
import type { Backend } from '../contract/backend.js';
import type { Source } from '../contract/sources.js';
import { asLargeAsItsSource, openDevice, openSource } from './device.js';

/** How long the file system of a container that has just ended may take to let its device go. */
const FREEING_MS = 2000;

/** Two that write to one device see each other's half-made changes, and the host's own mounts are not a container's. */
async function refuseInUse(source: Source): Promise<void> {
  for (const deadline = performance.now() + FREEING_MS; ; await sleep(1)) {
    try {
      closeSync(openSync(`/proc/self/fd/${source.fd}`, constants.O_RDONLY | constants.O_EXCL));
      return;
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EBUSY')) throw cause;
      if (performance.now() < deadline) continue;
      throw new EngineError(
        'busy',
        `${source.path} is in use already: see \`findmnt ${source.path}\` and \`lsblk ${source.path}\` for what has it`,
        { source: source.path },
        { cause },
      );
    }
  }
}

export const block: Backend = {
  limits: false,
  async check(spec, context) {
    using _source = openSource(spec, context, 'device');
  },
  async open(spec, context, undo) {
    using source = openSource(spec, context, 'device');
    // Programs and the kernel find a device by its name alone.
    const [remark] = source.remarks;
    if (remark !== undefined) throw new EngineError('denied', remark, { source: spec.source });
    if (!spec.readOnly) await refuseInUse(source);
    return await openDevice(source.path, spec, context, undo);
  },
  keeping: asLargeAsItsSource,
  disks: ({ source }) => diskOfDevice(source),
};
