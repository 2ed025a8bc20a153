// Copies on file systems that share blocks: of an image that a container writes to, in milliseconds and without room.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { LayerWorld, limit, MiB } from '../../testing/layer-world.js';
import { atMoment } from '../moment.js';
import { image } from './image.js';
import { copyLayer } from './index.js';

function obstacle(program: string): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts';
  return spawnSync(program, ['-V']).status === 0 ? false : `this host has no ${program}`;
}

/** A file of the host on a loop device, mounted for as long as `use` takes. */
async function onDisk(type: string, use: (parent: string) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'cvshared-'));
  const disk = `${parent}.img`;
  writeFileSync(disk, '');
  truncateSync(disk, 512 * MiB);
  try {
    execFileSync(`mkfs.${type}`, ['-q', disk], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'loop', disk, parent]);
    try {
      await use(parent);
    } finally {
      execFileSync('umount', [parent]);
    }
  } finally {
    rmSync(parent, { recursive: true });
    rmSync(disk);
  }
}

suite('blocks that copies share', () => {
  for (const type of ['btrfs', 'xfs'])
    test(
      `of an open image on ${type}: held for milliseconds, and no room is taken`,
      { skip: obstacle(`mkfs.${type}`) },
      (t) =>
        onDisk(type, async (parent) => {
          const world = new LayerWorld(image, { parent });
          try {
            await world.create(limit(128));
            const kept = { ...world.place, folder: join(world.roots, 'kept') };
            mkdirSync(kept.folder);
            await world.run(limit(128), async (container) => {
              container.write('big', 64 * MiB);
              execFileSync('/bin/sync', ['-f', parent]);
              const free = (): number => statfsSync(parent).bfree * statfsSync(parent).bsize;
              const before = free();
              const hold = async (work: () => Promise<void>): Promise<null> => {
                await work();
                return null;
              };
              const held = await atMoment(world.mounts, (mounts) =>
                copyLayer(image, world.place, kept, { hold, mounts }),
              );
              t.diagnostic(`held for ${held?.toFixed(1)} ms`);
              assert.ok(held !== null && held < 1000, `${held} ms`);
              assert.ok(before - free() < 8 * MiB, `${before - free()} bytes`);
              container.put('file', 'written');
            });
            const [, copy = ''] = image.files(kept);
            execFileSync('/usr/sbin/e2fsck', ['-f', '-n', copy], { stdio: 'ignore' });
            await world.assertNothingHeld();
          } finally {
            await world.close();
          }
        }),
    );
});
