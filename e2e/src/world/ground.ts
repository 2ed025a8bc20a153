// What worlds lie on: the host's own file system, or one of a kind that shares blocks, in a file of its own.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { output } from './command.js';

/** A folder of one, until it is given back. */
export interface Ground extends AsyncDisposable {
  readonly kind: string;
  readonly folder: string;
}

const kinds = [
  { kind: 'btrfs', make: ['mkfs.btrfs', '-q'] },
  { kind: 'xfs', make: ['mkfs.xfs', '-q'] },
] as const;

/** Those that this machine can have. */
export const grounds: readonly string[] = [
  'host',
  ...kinds.flatMap(({ kind, make: [program] }) => {
    const isKnown = new RegExp(`\\t${kind}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
    return isKnown && spawnSync(program, ['-V']).error === undefined ? [kind] : [];
  }),
];

export async function openGround(kind: string, bytes = 4 * 2 ** 30): Promise<Ground> {
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) return { kind, folder: '/tmp', async [Symbol.asyncDispose]() {} };
  // Short: see `World.open`.
  const scratch = await mkdtemp('/tmp/cvg');
  await chmod(scratch, 0o711);
  const [image, folder] = [`${scratch}/disk.img`, `${scratch}/d`];
  await writeFile(image, '');
  await truncate(image, bytes);
  await mkdir(folder);
  await output([...found.make, image]);
  await output(['mount', '-o', 'loop', image, folder]);
  return {
    kind,
    folder,
    async [Symbol.asyncDispose]() {
      if (existsSync(folder)) await output(['umount', folder]);
      await rm(scratch, { recursive: true });
    },
  };
}
