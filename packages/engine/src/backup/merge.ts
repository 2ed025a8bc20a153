// Makes one tree what another one is, by rsync in confinement: what is alike is not touched, so that a layer keeps to what differs.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { errnoInWords, refusalOf } from '../host/refusal.js';
import { Child } from '../templates/archive/child.js';
import { confinedArgv, missingPackage } from '../templates/archive/confined.js';

const CAPABILITIES = [
  ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_MKNOD', 'CAP_SETFCAP', 'CAP_SETPCAP'],
];
const MERGE = [
  'rsync',
  ...['--archive', '--hard-links', '--acls', '--xattrs', '--numeric-ids', '--sparse', '--checksum'],
];

/** What becomes like what. */
export interface Merge {
  readonly from: string;
  readonly to: string;
  /** Starts what finds `to`. */
  readonly within: (start: () => Child) => Child;
  /** Only this, and nothing that is there besides goes. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Contents are compared, not only lengths and times: who made a file decides what time it has. */
export async function merge({ from, to, within, path, signal }: Merge): Promise<void> {
  const what =
    path === undefined
      ? ['--delete', '--', '/source/', '/target/']
      : ['--relative', '--no-implied-dirs', '--', `/source/.${path === '' ? '/' : path}`, '/target/'];
  const argv = [...MERGE, ...what];
  const box = {
    source: from,
    target: to,
    capabilities: CAPABILITIES,
    cpuSeconds: 1_000_000,
    memoryBytes: 2 ** 36,
    fileBytes: 2 ** 50,
  };
  await using child = within(() => new Child(confinedArgv(argv, box), { signal }));
  child.stdout.resume();
  const status = await child.ended;
  if (signal?.aborted) throw new EngineError('interrupted', 'the restore was interrupted');
  if (status === 0) return;
  const stderr = child.complaint;
  const missing = missingPackage(stderr);
  const details = { argv, status, stderr };
  const failed = 'the files could not be put in their place';
  if (missing !== undefined)
    throw new EngineError(
      'host-command',
      `${failed}: this host lacks ${missing}: apt install ${missing}`,
      details,
    );
  throw (
    refusalOf(errnoInWords(stderr) ?? '', failed, details) ??
    new EngineError('host-command', `${failed}: ${stderr.split('\n').slice(-3).join(' ')}`, details)
  );
}
