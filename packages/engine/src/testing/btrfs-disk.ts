// A file system of btrfs for tests, in a file on a loop device, where this host can have one.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there is none; false where it can be had. */
export function noBtrfs(): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts';
  if (spawnSync('mkfs.btrfs', ['--version']).status !== 0)
    return 'this host has no mkfs.btrfs: apt install btrfs-progs';
  spawnSync('modprobe', ['btrfs']);
  return /\tbtrfs$/m.test(readFileSync('/proc/filesystems', 'utf8'))
    ? false
    : "this host's kernel has no btrfs";
}

export class BtrfsDisk implements Disposable {
  readonly #base = mkdtempSync(join(tmpdir(), 'cvbtrfs-'));
  /** Where it is mounted. */
  readonly folder = join(this.#base, 'disk');

  constructor({ counts = false }: { /** Whether quotas are on. */ readonly counts?: boolean } = {}) {
    const image = join(this.#base, 'image');
    writeFileSync(image, '');
    truncateSync(image, 1 << 30);
    mkdirSync(this.folder);
    execFileSync('mkfs.btrfs', ['-q', image], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'loop', image, this.folder]);
    if (counts) execFileSync('btrfs', ['quota', 'enable', this.folder]);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.folder]);
    rmdirSync(this.folder);
    rmSync(this.#base, { recursive: true });
  }
}
