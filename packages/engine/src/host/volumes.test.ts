// Which files name volumes that go with them: those of domains, snapshots and reverts, and none that a container made.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { nameVolume, removeWithVolumes, volumeAt } from './volumes.js';

/** No host has it, so that whoever would remove it fails. */
const STRANGE = 'ctvirt-none/pool';

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cvvolumes-'));
  try {
    await use(join(folder, 'web.layer'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what a file says is read again; one that was not written to its end names nothing, and goes', () =>
  inFolder(async (folder) => {
    mkdirSync(folder);
    const path = join(folder, 'root.lvm');
    await nameVolume(path, { name: STRANGE, from: 'group/other' });
    assert.deepEqual(volumeAt(path), { name: STRANGE, from: 'group/other' });
    writeFileSync(path, STRANGE);
    assert.throws(() => volumeAt(path), { code: 'internal' });
    await removeWithVolumes(folder);
    assert.ok(!existsSync(folder));
  }));

for (const path of [
  'root.lvm',
  'snapshots/upper/root.lvm',
  'snapshots/work.layer/root.lvm',
  'snapshots/.new-abcdef/root.lvm',
  '.new-abcdef/root.lvm',
  '.revert/before/upper.lvm',
])
  test(`${path} names one, which is to be removed before`, () =>
    inFolder(async (folder) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      await nameVolume(join(folder, path), { name: STRANGE });
      await assert.rejects(removeWithVolumes(folder));
      assert.ok(existsSync(join(folder, path)));
    }));

for (const path of [
  'root.layer/upper/root.lvm',
  'root.layer/work/a/root.lvm',
  'snapshots/a/b.layer/upper/c.lvm',
  // A backup whose files are to be put in their place, or compared.
  'ctvirt/trees/root/srv/a.zfs',
  'ctvirt/trees/root/snapshots/a/b.lvm',
  '.new-abcdef/ctvirt/trees/root/.revert/a.lvm',
  'root/before/a.lvm',
])
  test(`${path} is a container's, and names nothing`, () =>
    inFolder(async (folder) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      await nameVolume(join(folder, path), { name: STRANGE });
      await removeWithVolumes(folder);
      assert.ok(!existsSync(folder));
    }));
