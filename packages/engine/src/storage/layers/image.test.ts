// An ext4 image as a layer, and those that earlier versions made.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { conformance } from '../../testing/layer-conformance.js';
import { LayerWorld, limit, MiB } from '../../testing/layer-world.js';
import { superblockOf } from '../ext4/superblock.js';
import { image } from './image.js';
import type { Place } from './layer.js';

const skip = process.getuid?.() === 0 ? false : 'only root mounts';
const pathOf = ({ folder, key }: Place): string => join(folder, `${key}.img`);

function debugfs(path: string, ...requests: readonly string[]): void {
  const input = `${requests.join('\n')}\n`;
  execFileSync('/usr/sbin/debugfs', ['-w', '-f', '-', path], { input, stdio: ['pipe', 'ignore', 'ignore'] });
}

conformance({
  name: 'image',
  skip,
  isLimited: true,
  growsByCapability: true,
  isAnywhere: true,
  growth: {
    begin: (place) => truncateSync(pathOf(place), 44 * MiB),
    check: (place) => void execFileSync('/usr/sbin/e2fsck', ['-f', '-n', pathOf(place)], { stdio: 'pipe' }),
  },
  // As of a host that could not write it: an inode that a folder's entry names, and the kernel's word that it met something.
  damage: (place) => debugfs(pathOf(place), 'clri spare', 'set_super_value state 3'),
});

suite('small images', { skip }, () => {
  const inWorld = async (use: (world: LayerWorld, path: string) => Promise<void>): Promise<void> => {
    const world = new LayerWorld(image);
    try {
      await use(world, pathOf(world.place));
      await world.assertNothingHeld();
    } finally {
      await world.close();
    }
  };
  /** As it was made before: without a journal, and without the room for one. */
  const asBefore = (path: string): void => {
    execFileSync('/usr/sbin/tune2fs', ['-O', '^has_journal', path], { stdio: 'ignore' });
    const bytes = statSync(path).size - MiB;
    // Newer file systems have a file for orphans, which goes with the journal: one run removes it, the next puts the rest right.
    const check = (): number | null => spawnSync('/usr/sbin/e2fsck', ['-f', '-p', path]).status;
    const answers = [check(), check(), check()];
    assert.equal(answers.at(-1), 0, `e2fsck: ${answers.join()}`);
    execFileSync('/usr/sbin/resize2fs', [path, `${bytes / 512}s`], { stdio: 'ignore' });
    truncateSync(path, bytes);
  };

  test('have a journal, and no start has to check them', () =>
    inWorld(async (world, path) => {
      await world.create(limit(4));
      assert.ok(superblockOf(path).hasJournal);
    }));

  test('one of an earlier version gets a journal beyond its limit at its next start, files and all', () =>
    inWorld(async (world, path) => {
      await world.create(limit(16));
      await world.run(limit(16), (container) => container.put('file', 'precious'));
      await world.assertNothingHeld();
      asBefore(path);
      assert.ok(!superblockOf(path).hasJournal);
      await world.run(limit(16), (container) => {
        assert.equal(container.read('file'), 'precious');
        const got = container.write('more', 32 * MiB);
        assert.ok(got <= 16 * MiB && got > 13 * MiB, `${got / MiB} MiB`);
      });
      assert.ok(superblockOf(path).hasJournal);
      assert.deepEqual(world.told, []);
    }));
});
