// A disk of a few MiB that a story can fill: its own file system, seen only inside an enclosure.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, open, rm, statfs, truncate } from 'node:fs/promises';
import { output } from './command.js';
import type { Enclosure } from './enclosure.js';

const filler = 'filler';

export class SmallDisk {
  private constructor(private readonly folder: string) {}

  /** Mounts a new one at `target`; it goes with the enclosure. */
  static async mount(enclosure: Enclosure, target: string, mebibytes: number): Promise<SmallDisk> {
    const scratch = await mkdtemp('/tmp/cvdisk');
    try {
      const image = `${scratch}/disk.img`;
      await truncate(await made(image), mebibytes << 20);
      await output(['/usr/sbin/mkfs.ext4', '-q', '-F', '-m', '0', '-O', '^has_journal', image]);
      await enclosure.output('mount', '-o', 'loop', image, target);
    } finally {
      // The mount keeps it for as long as it lasts.
      await rm(scratch, { recursive: true });
    }
    return new SmallDisk(enclosure.path(target));
  }

  /** Uses up everything but `leftBytes`. */
  async fill(leftBytes = 0): Promise<void> {
    const file = await open(`${this.folder}/${filler}`, 'a');
    const chunk = Buffer.alloc(1 << 16);
    try {
      for (let bytes = chunk.length; bytes >= 1; ) {
        const wrote = await file.write(chunk, 0, bytes).then(
          (result) => result.bytesWritten,
          (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ENOSPC') throw error;
            return 0;
          },
        );
        if (wrote < bytes) bytes = Math.floor(bytes / 2);
      }
      const { size } = await file.stat();
      await file.truncate(size - leftBytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(`${this.folder}/${filler}`, { force: true });
  }

  async usedBytes(): Promise<number> {
    const { blocks, bfree, bsize } = await statfs(this.folder);
    return (blocks - bfree) * bsize;
  }

  /**
   * In blocks and inodes, so that not even an empty file is overlooked; but without the history and the logs of domains and the list of
   * jobs, which are written in their own time.
   */
  async used(): Promise<string> {
    const lib = `${this.folder}/lib`;
    const folders = [`${lib}/history`, `${lib}/lives`].filter((path) => existsSync(path));
    const inOwnTime = folders.flatMap((path) => readdirSync(path).map((name) => `${path}/${name}`));
    const kept = [...inOwnTime, `${lib}/jobs.json`].flatMap(
      (path) => statSync(path, { throwIfNoEntry: false }) ?? [],
    );
    const { blocks, bfree, bsize, files, ffree } = await statfs(this.folder);
    const ofThose = kept.reduce((sum, one) => sum + (one.blocks * 512) / bsize, 0);
    return `${blocks - bfree - ofThose} blocks, ${files - ffree - kept.length} inodes`;
  }
}

async function made(path: string): Promise<string> {
  await (await open(path, 'wx', 0o600)).close();
  return path;
}
