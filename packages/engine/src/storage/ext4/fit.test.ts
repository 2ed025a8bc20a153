// Images of many sizes, made and grown: each fits its limit then, so that no start after it has to change or check it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskLimit } from '../contract/backend.js';
import { fitImage, usageOfImage } from './fit.js';
import { imageFile } from './image-file.js';
import { makeFile, makeImage } from './make.js';
import { superblockOf } from './superblock.js';

const MiB = 1 << 20;

async function withImage(limit: DiskLimit, use: (image: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cvfit-'));
  try {
    mkdirSync(join(folder, 'content'));
    const image = join(folder, 'root.img');
    await makeImage(image, limit, join(folder, 'content'), makeFile);
    await use(image);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whatever e2fsck and resize2fs do, they write its superblock. */
async function assertFits(image: string, limit: DiskLimit): Promise<void> {
  const { mtimeMs } = statSync(image);
  await sleep(20);
  await fitImage(imageFile(image), limit);
  assert.equal(statSync(image).mtimeMs, mtimeMs, `${limit.bytes} bytes, ${limit.inodes} inodes`);
}

for (const inodes of [undefined, 100, 5000])
  test(`made for a limit or grown to it, ${inodes ?? 'any number of'} inodes`, async () => {
    for (const mebibytes of [4, 17, 25, 63, 64, 130, 513]) {
      const limit = { bytes: mebibytes * MiB + 1000, inodes };
      await withImage(limit, async (image) => {
        await assertFits(image, limit);
        const more = { bytes: Math.floor(limit.bytes * 1.7), inodes };
        await fitImage(imageFile(image), more);
        assert.ok(superblockOf(image).bytes > more.bytes);
        await assertFits(image, more);
      });
    }
  });

test('a growth or shrinking that was interrupted is finished, where only the file has its size', async () => {
  const [small, large] = [16, 40].map((mebibytes) => ({ bytes: mebibytes * MiB, inodes: undefined }));
  assert.ok(small !== undefined && large !== undefined);
  await withImage(small, async (image) => {
    truncateSync(image, 44 * MiB);
    await fitImage(imageFile(image), large);
    assert.ok(superblockOf(image).bytes > large.bytes);
    await assertFits(image, large);
  });
  await withImage(small, async (image) => {
    const { size } = statSync(image);
    truncateSync(image, 44 * MiB);
    await fitImage(imageFile(image), small);
    assert.equal(statSync(image).size, size);
    await assertFits(image, small);
  });
});

/** What dumpe2fs(8) tells, which reads the same superblock. */
function toldOf(image: string): unknown {
  const output = execFileSync('/usr/sbin/dumpe2fs', ['-h', image], { encoding: 'utf8', stdio: 'pipe' });
  const found = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(output)?.[1];
  const number = (name: string): number => Number(found(name) ?? assert.fail(name));
  // resize2fs leaves that to the kernel's next mount.
  const blocks = number('Block count') - Number(found('Overhead clusters') ?? 0);
  return {
    bytes: (blocks - number('Free blocks')) * number('Block size'),
    inodes: number('Inode count') - number('Free inodes'),
    room: { bytes: blocks * number('Block size'), inodes: number('Inode count') },
  };
}

test('what an image holds is what dumpe2fs tells, of blocks of every size, made and grown', async () => {
  for (const mebibytes of [4, 25, 513, 4000]) {
    const limit = { bytes: mebibytes * MiB, inodes: undefined };
    await withImage(limit, async (image) => {
      assert.deepEqual(usageOfImage(image), toldOf(image), `${mebibytes} MiB`);
      await fitImage(imageFile(image), { ...limit, bytes: limit.bytes * 2 });
      assert.deepEqual(usageOfImage(image), toldOf(image), `${mebibytes} MiB, grown`);
    });
  }
});

test('of what is no ext4 file system nothing is told', async () => {
  await withImage({ bytes: 4 * MiB, inodes: undefined }, async (image) => {
    writeFileSync(image, Buffer.alloc(MiB));
    assert.throws(() => usageOfImage(image), { code: 'unsupported' });
  });
});
