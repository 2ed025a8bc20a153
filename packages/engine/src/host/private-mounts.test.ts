// A visit to a private mount namespace changes nothing for anybody else, and leaves nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAmongOwnMounts } from '../testing/own-namespace.js';
import { MountAttr, newMountNow } from './mount-calls.js';
import { mounts, mountsOf } from './mountinfo.js';
import { PrivateMounts } from './private-mounts.js';

function inFolder(use: (folder: string) => Promise<void> | void) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctvirt-mounts-'));
    try {
      await use(folder);
      assert.deepEqual(readdirSync(folder), [], 'left on the host');
    } finally {
      rmdirSync(folder);
    }
  };
}
const memory = { type: 'tmpfs', source: 'tmpfs', data: 'size=64k', attributes: MountAttr.noSuid };

if (isAmongOwnMounts(import.meta.url)) {
  test(
    'what is mounted is there within, and nowhere else',
    inFolder(async (folder) => {
      const before = mounts();
      const home = readlinkSync('/proc/thread-self/ns/mnt');
      const [umask, place] = [process.umask(), process.cwd()];
      {
        using made = PrivateMounts.open(folder);
        using mount = newMountNow(memory);
        const path = made.attach(mount, 'one');
        made.within(() => writeFileSync(join(path, 'file'), 'mine'));
        assert.ok(!existsSync(path));
        assert.deepEqual(mounts(), before);
        // By its descriptor it is reached by whoever has that.
        assert.equal(await readFile(`/proc/self/fd/${mount.fd}/file`, 'utf8'), 'mine');
        const { stdout } = await made.run(['/bin/cat', join(path, 'file')]);
        assert.equal(stdout, 'mine');
        await assert.rejects(readdir(path), { code: 'ENOENT' });
        const other = made.within(() => spawn('/bin/sleep', ['60'], { stdio: 'ignore' }));
        PrivateMounts.detachFrom(other.pid ?? 0, folder);
        assert.deepEqual(
          made.within(() => readdirSync(folder)),
          [],
        );
        // What has no mounts of ours, or no more, has all it had.
        const left = mountsOf(other.pid ?? 0);
        PrivateMounts.detachFrom(other.pid ?? 0, folder);
        PrivateMounts.detachFrom(process.pid, folder);
        assert.deepEqual(mountsOf(other.pid ?? 0), left);
        other.kill();
      }
      assert.equal(readlinkSync('/proc/thread-self/ns/mnt'), home);
      for (const thread of readdirSync('/proc/self/task'))
        assert.equal(readlinkSync(`/proc/self/task/${thread}/ns/mnt`), home);
      assert.deepEqual([process.umask(), process.cwd()], [umask, place]);
      assert.deepEqual(mounts(), before);
    }),
  );

  test(
    'a visit that fails ends at home, and none begins within another',
    inFolder((folder) => {
      using made = PrivateMounts.open(folder);
      const home = readlinkSync('/proc/thread-self/ns/mnt');
      assert.throws(
        () =>
          made.within(() => {
            throw new RangeError('in there');
          }),
        RangeError,
      );
      assert.throws(() => made.within(() => made.within(() => 1)), TypeError);
      assert.equal(readlinkSync('/proc/thread-self/ns/mnt'), home);
    }),
  );

  test('the kernel says why a file system cannot be mounted', () => {
    assert.throws(() => newMountNow({ ...memory, data: 'size=many' }), /tmpfs/);
    assert.throws(() => newMountNow({ ...memory, type: 'nofs' }), { code: 'host-command' });
  });
}
