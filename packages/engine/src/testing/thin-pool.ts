// A pool of thin volumes for tests, in a file on a loop device, where this host can have one.
// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Why there is none; false where it can be had. */
export function noThinPool(): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts';
  if (spawnSync('lvm', ['version']).status !== 0) return 'this host has no LVM: apt install lvm2';
  spawnSync('modprobe', ['dm-thin-pool']);
  if (!existsSync('/dev/mapper/control')) return "this host's kernel has no device mapper";
  const { stdout } = spawnSync('dmsetup', ['targets'], { encoding: 'utf8' });
  return /^thin-pool /m.test(stdout) ? false : "this host's kernel has no thin volumes (dm-thin-pool)";
}

export class ThinPool implements Disposable {
  readonly #base = mkdtempSync(join(tmpdir(), 'cvthin-'));
  readonly #loop: string;
  readonly #group = basename(this.#base).toLowerCase();
  /** `group/pool`. */
  readonly name = `${this.#group}/pool`;

  constructor() {
    const image = join(this.#base, 'image');
    writeFileSync(image, '');
    truncateSync(image, 1 << 30);
    this.#loop = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
    execFileSync('vgcreate', [this.#group, this.#loop], { stdio: 'ignore' });
    const size = ['--extents', '90%FREE', '--name', 'pool'];
    execFileSync('lvcreate', ['--type', 'thin-pool', ...size, this.#group], { stdio: 'ignore' });
  }

  /** What it holds beside itself. */
  volumes(): string[] {
    const argv = ['--noheadings', '--options', 'lv_name', this.#group];
    const names = execFileSync('lvs', argv, { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim());
    return names.filter((name) => name !== '' && name !== 'pool');
  }

  [Symbol.dispose](): void {
    execFileSync('vgremove', ['--yes', '--force', this.#group], { stdio: 'ignore' });
    execFileSync('losetup', ['--detach', this.#loop]);
    rmSync(this.#base, { recursive: true });
  }
}
