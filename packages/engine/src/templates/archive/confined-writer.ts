// Runs what changes the files of a layer by bytes from elsewhere, where it reaches nothing but that folder.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import type { PrivateMounts } from '../../host/private-mounts.js';
import { errnoInWords, refusalOf } from '../../host/refusal.js';
import { Child } from './child.js';
import { type Confinement, confinedArgv } from './confined.js';
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

/** Bytes from elsewhere, and what is told if they are refused. */
interface Fed {
  readonly bytes: AsyncIterable<Buffer>;
  readonly failed: string;
}

/** Its working directory is the folder, `/target` by name; its standard output nobody reads. */
export async function writeConfined(
  { path, within }: Written,
  argv: readonly string[],
  fed: Fed,
): Promise<void> {
  const box = { ...bounds, target: path, capabilities: WRITING };
  await feed(
    within(() => new Child(confinedArgv(argv, box))),
    argv,
    fed,
  );
}

/** A program that has no folder: what it does it has the kernel do, by a device. */
export async function feedConfined(
  argv: readonly string[],
  may: Pick<Confinement, 'capabilities' | 'devices' | 'binds'>,
  fed: Fed,
): Promise<void> {
  await feed(new Child(confinedArgv(argv, { ...bounds, ...may })), argv, fed);
}

async function feed(fedChild: Child, argv: readonly string[], { bytes, failed }: Fed): Promise<void> {
  await using child = fedChild;
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
