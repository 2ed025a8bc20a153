// A pool of ZFS for tests, in a file, where this host can have one.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Why there is none; false where it can be had. */
export function noZfs(): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts';
  if (!existsSync('/dev/zfs')) spawnSync('modprobe', ['zfs']);
  if (!existsSync('/dev/zfs')) return "this host's kernel has no ZFS";
  return spawnSync('zpool', ['version']).status === 0
    ? false
    : 'this host has no tools of ZFS: apt install zfsutils-linux';
}

export class ZfsPool implements Disposable {
  readonly #base = mkdtempSync(join(tmpdir(), 'cvzfs-'));
  readonly name = basename(this.#base);
  /** Where it is mounted. */
  readonly folder = join(this.#base, 'disk');

  constructor() {
    const image = join(this.#base, 'image');
    writeFileSync(image, '');
    truncateSync(image, 1 << 30);
    // What the tests write would be nothing when it is compressed.
    const options = ['-O', 'compression=off', '-m', this.folder];
    execFileSync('zpool', ['create', ...options, this.name, image]);
  }

  /** All that was written and removed counts. */
  settle(): void {
    execFileSync('zpool', ['sync', this.name]);
  }

  /** What it holds beside itself: datasets and snapshots. */
  holds(): string[] {
    const argv = ['list', '-H', '-r', '-t', 'all', '-o', 'name', this.name];
    return execFileSync('zfs', argv, { encoding: 'utf8' }).trim().split('\n').slice(1);
  }

  [Symbol.dispose](): void {
    execFileSync('zpool', ['destroy', '-f', this.name]);
    rmSync(this.#base, { recursive: true });
  }
}
