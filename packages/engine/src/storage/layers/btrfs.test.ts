// Subvolumes of btrfs as layers, where the file system counts what they hold and where it does not.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { copySubvolume } from '../../host/btrfs.js';
import { removeTree } from '../../host/files.js';
import { BtrfsDisk, noBtrfs } from '../../testing/btrfs-disk.js';
import { conformance } from '../../testing/layer-conformance.js';
import { FIRST_ID, limit, mapFrom } from '../../testing/layer-world.js';
import { chooseLayer } from './index.js';

const skip = noBtrfs();
for (const counts of [false, true]) {
  const disk = skip === false ? new BtrfsDisk({ counts }) : undefined;
  after(() => disk?.[Symbol.dispose]());
  conformance({ name: 'btrfs', ground: { parent: disk?.folder }, skip, isLimited: counts });
}

suite('on btrfs', { skip }, () => {
  const disk = skip === false ? [new BtrfsDisk(), new BtrfsDisk({ counts: true })] : [];
  const [plain, counted] = disk.map(({ folder }) => folder);
  after(() => {
    for (const each of disk) each[Symbol.dispose]();
  });

  test('a layer is a subvolume, and an image where its limit cannot be kept by one', () => {
    const map = mapFrom(FIRST_ID);
    const chosen = [plain, counted].map((roots = '') => [
      chooseLayer({ roots, map, limit: undefined }),
      chooseLayer({ roots, map, limit: limit(16) }),
      chooseLayer({ roots, map, limit: limit(16, 300) }),
    ]);
    assert.ok(chosen.flat().every(({ ids }) => ids === 'container'));
    const ways = chosen.map((each) => each.map(({ layer }) => layer));
    assert.deepEqual(ways, [
      ['btrfs', 'image', 'image'],
      ['btrfs', 'btrfs', 'image'],
    ]);
  });

  for (const [what, parent = ''] of [
    ['uncounted', plain],
    ['counted', counted],
  ] as const)
    test(`a folder with subvolumes in it, of which one has another inside, is removed whole: ${what}`, async () => {
      const domain = join(parent, 'domain');
      for (const path of [domain, join(domain, 'snapshots')]) mkdirSync(path);
      for (const path of ['root.layer', 'root.layer/inner', 'snapshots/root.layer']) {
        execFileSync('btrfs', ['subvolume', 'create', join(domain, path)], { stdio: 'ignore' });
        writeFileSync(join(domain, path, 'file'), 'text');
      }
      await removeTree(domain);
      assert.ok(!existsSync(domain));
      const left = execFileSync('btrfs', ['subvolume', 'list', parent], { encoding: 'utf8' });
      assert.equal(left, '');
    });

  test('a copy has what is in the subvolumes of a layer, too, one in another as well', async () => {
    const [from, to] = ['from', 'to'].map((name) => join(plain ?? '', name));
    assert.ok(from !== undefined && to !== undefined);
    for (const path of [from, `${from}/srv\nnew`, `${from}/srv\nnew/inner`])
      execFileSync('btrfs', ['subvolume', 'create', path], { stdio: 'ignore' });
    for (const path of ['file', 'srv\nnew/file', 'srv\nnew/inner/file'])
      writeFileSync(join(from, path), path);
    await copySubvolume(from, to);
    for (const path of ['file', 'srv\nnew/file', 'srv\nnew/inner/file'])
      assert.equal(readFileSync(join(to, path), 'utf8'), path);
    writeFileSync(join(to, 'srv\nnew/inner/file'), 'of the copy');
    assert.equal(readFileSync(join(from, 'srv\nnew/inner/file'), 'utf8'), 'srv\nnew/inner/file');
    for (const path of [from, to]) await removeTree(path);
  });
});
