// Fits trees of machines and of OpenVZ's caches for containers.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fitForContainer, withoutTerminals } from './made-for-others.js';

test('logins are started on the console, and on no terminal', () => {
  const sysv = `id:2:initdefault:
si::sysinit:/etc/init.d/rcS
1:2345:respawn:/sbin/getty 38400 tty1
2:23:respawn:/sbin/getty 38400 tty2
#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100
ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now
`;
  assert.deepEqual(withoutTerminals(sysv), {
    changed: 2,
    fitted: sysv.replace('38400 tty1', '38400 console').replace('2:23:respawn', '#2:23:respawn'),
  });
  assert.deepEqual(withoutTerminals('tty1::respawn:/sbin/getty 38400 tty1\n'), {
    changed: 1,
    fitted: 'console::respawn:/sbin/getty 38400 console\n',
  });
  assert.deepEqual(
    withoutTerminals('co:2345:respawn:/sbin/agetty console\n1:2:respawn:/sbin/mingetty tty1\n'),
    {
      changed: 1,
      fitted: 'co:2345:respawn:/sbin/agetty console\n#1:2:respawn:/sbin/mingetty tty1\n',
    },
  );
  // As a cache of OpenVZ has it.
  const fit = 'id:3:initdefault:\n::respawn:/sbin/getty -L 115200 console\n';
  assert.deepEqual(withoutTerminals(fit), { changed: 0, fitted: fit });
});

test('a list of mounts of where it was made becomes a link, and links are followed nowhere', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ctvirt-fit-'));
  try {
    const [outside, root] = [join(dir, 'outside'), join(dir, 'root')];
    const etc = join(root, 'etc');
    mkdirSync(etc, { recursive: true });
    writeFileSync(outside, '1:2:respawn:/sbin/getty 38400 tty1\n');
    assert.deepEqual(await fitForContainer(root), []);
    writeFileSync(join(etc, 'mtab'), '/dev/simfs / simfs rw 0 0\n');
    symlinkSync(outside, join(etc, 'inittab'));
    assert.match((await fitForContainer(root)).join(), /^\/etc\/mtab, a list/);
    assert.equal(readlinkSync(join(etc, 'mtab')), '../proc/self/mounts');
    assert.match(readFileSync(outside, 'utf8'), /tty1/);
    assert.deepEqual(await fitForContainer(root), []);
    rmSync(join(etc, 'inittab'));
    writeFileSync(join(etc, 'inittab'), readFileSync(outside), { mode: 0o640 });
    assert.match((await fitForContainer(root)).join(), /^1 lines of \/etc\/inittab/);
    assert.equal(statSync(join(etc, 'inittab')).mode & 0o777, 0o640);
    rmSync(etc, { recursive: true });
    symlinkSync(dir, etc);
    assert.deepEqual(await fitForContainer(root), []);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
