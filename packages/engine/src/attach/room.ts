// Whether a container may have another process.
// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';
import { commandFor } from '@ctvirt/xml';
import { readNumber } from '../cgroups/layout.js';
import { EngineError } from '../errors.js';

/** One that is put into a full group is let in, and can start nothing: what its shell says names no limit. */
export function refuseWithoutRoom(name: string, pids: string): void {
  const there = readNumber(join(pids, 'pids.current'));
  const most = readNumber(join(pids, 'pids.max'));
  if (there === null || most === null || there < most) return;
  throw new EngineError(
    'over-quota',
    `domain '${name}' has ${there} processes and may have ${most}: \`${commandFor('set', [name], '--numproc')}\` gives it more`,
    { processes: there, limit: most },
  );
}
