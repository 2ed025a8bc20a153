// Images that a full host or a crash has damaged, checked by the real e2fsck: put right, told, and else left alone.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as repair from './repair.js';
import { superblockOf } from './superblock.js';

type Kind = 'has_journal' | '^has_journal';

async function withImage(kind: Kind, use: (image: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-image-'));
  const image = join(folder, 'root.img');
  try {
    closeSync(openSync(image, 'w'));
    truncateSync(image, 8 << 20);
    execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', '-O', kind, image]);
    debugfs(image, 'mkdir work', 'mkdir spare');
    execFileSync('/usr/sbin/e2fsck', ['-f', '-p', image]);
    await use(image);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function debugfs(image: string, ...requests: readonly string[]): void {
  const input = `${requests.join('\n')}\n`;
  execFileSync('/usr/sbin/debugfs', ['-w', '-f', '-', image], { input, stdio: ['pipe', 'ignore', 'ignore'] });
}

const checkImage = (image: string, options = {}): Promise<string[]> =>
  repair.checkImage(image, superblockOf(image), options);

const isWhole = (image: string): boolean => spawnSync('/usr/sbin/e2fsck', ['-f', '-n', image]).status === 0;

/** What the host could not write stays a hole: a table's inode that a folder's entry names. */
const loseInode = (image: string): void => debugfs(image, 'clri spare', 'clri work');

test('one without a journal is checked even where it claims to be clean, and what was repaired is told', async () => {
  await withImage('^has_journal', async (image) => {
    loseInode(image);
    assert.ok(!isWhole(image) && !superblockOf(image).hasErrors);
    const [told = '', ...more] = await checkImage(image);
    assert.match(told, /was damaged.* has been repaired; files may be lost.*'spare'/);
    assert.doesNotMatch(told, /\n|Pass \d/);
    assert.deepEqual(more, []);
    assert.ok(isWhole(image));
    assert.deepEqual(await checkImage(image), []);
  });
});

test('one with a journal is checked where the kernel noted an error', async () => {
  await withImage('has_journal', async (image) => {
    debugfs(image, 'set_super_value state 3');
    loseInode(image);
    assert.ok(superblockOf(image).hasErrors);
    assert.match((await checkImage(image)).join(), /has been repaired/);
    assert.ok(isWhole(image));
    assert.ok(!superblockOf(image).hasErrors, 'and the next start does not check it again');
  });
});

test('so is one that only counts errors', async () => {
  await withImage('has_journal', async (image) => {
    debugfs(image, 'set_super_value error_count 2');
    assert.ok(superblockOf(image).hasErrors);
    await checkImage(image);
    assert.ok(!superblockOf(image).hasErrors);
  });
});

test('one that was not unmounted, and misses nothing, is told as that', async () => {
  await withImage('^has_journal', async (image) => {
    debugfs(image, 'set_super_value state 0');
    const told = (await checkImage(image)).join();
    assert.match(told, /was not closed in order.*nothing is missing/);
    assert.ok(isWhole(image));
  });
});

test('one with a journal and no complaint costs a start no program', async () => {
  await withImage('has_journal', async (image) => {
    const { mtimeMs, atimeMs } = statSync(image);
    assert.deepEqual(await checkImage(image), []);
    assert.deepEqual([statSync(image).mtimeMs, statSync(image).atimeMs >= atimeMs], [mtimeMs, true]);
    loseInode(image);
    // Only asked to look at all of it does it find that.
    assert.deepEqual(await checkImage(image), []);
    assert.match((await checkImage(image, { isWhole: true })).join(), /has been repaired/);
  });
});

test('one whose first superblock was half written is repaired from another', async () => {
  await withImage('has_journal', async (image) => {
    // As a program leaves it that is killed: it writes what differs, word by word, and the sum of it all last.
    truncateSync(image, 16 << 20);
    execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', image]);
    const file = openSync(image, 'r+');
    try {
      writeSync(file, Buffer.alloc(4), 0, 4, 1024 + 0x3fc);
    } finally {
      closeSync(file);
    }
    assert.ok(!isWhole(image));
    assert.match((await checkImage(image, { isWhole: true })).join(), /has been repaired/);
    assert.ok(isWhole(image));
  });
});

test('what is no file system any more is told, not mounted', async () => {
  await withImage('^has_journal', async (image) => {
    const file = openSync(image, 'r+');
    try {
      const magic = Buffer.alloc(2);
      readSync(file, magic, 0, 2, 1024 + 0x38);
      assert.equal(magic.readUInt16LE(), 0xef53);
      writeSync(file, Buffer.alloc(1 << 20), 0, 1 << 20, 0);
      truncateSync(image, 1 << 20);
    } finally {
      closeSync(file);
    }
    await assert.rejects(checkImage(image), /e2fsck cannot (check|repair)/);
  });
});
