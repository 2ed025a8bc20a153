// Runs what changes the files of a layer by bytes from elsewhere, where it reaches nothing but that folder.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import { errnoInWords, refusalOf } from '../../host/refusal.js';
import { Child } from './child.js';
import { confinedArgv } from './confined.js';
import { DEFAULT_LIMITS } from './limits.js';

const WRITING = ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_SETFCAP', 'CAP_SYS_ADMIN'];

/** What of the processor and the memory a layer may take while it is read or written. */
export const bounds = {
  cpuSeconds: 24 * 3600,
  memoryBytes: DEFAULT_LIMITS.memoryBytes,
  fileBytes: Number.MAX_SAFE_INTEGER,
};

/** A folder, whose path holds for what `within` starts. */
interface Written {
  readonly path: string;
  readonly within: PrivateMounts['within'];
}

/** Its working directory is the folder, `/target` by name; its standard output nobody reads. */
export async function writeConfined(
  { path, within }: Written,
  argv: readonly string[],
  { bytes, failed }: { readonly bytes: AsyncIterable<Buffer>; readonly failed: string },
): Promise<void> {
  const box = { ...bounds, target: path, capabilities: WRITING };
  await using child = within(() => new Child(confinedArgv(argv, box)));
  await child.feed(bytes);
  const status = await child.ended;
  if (status === 0) return;
  const { complaint: stderr } = child;
  const details = { argv, status, stderr };
  throw (
    refusalOf(errnoInWords(stderr) ?? '', failed, details) ??
    new EngineError('host-command', `${failed}: ${stderr}`, details)
  );
}
