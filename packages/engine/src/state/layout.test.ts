// Names on disk and the paths of a daemon.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { diskName, layoutOf } from './layout.js';

test('a disk name is a plain file name, and two names never share one', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (name) => {
      let disk: string;
      try {
        disk = diskName(name);
      } catch {
        assert.ok(Buffer.byteLength(name) * 3 > 64, `refused: ${name}`);
        return;
      }
      assert.match(disk, /^[A-Za-z0-9_+@%-][A-Za-z0-9_+@%.-]*$/);
      assert.ok(disk.length <= 64);
      const other = seen.get(disk);
      assert.ok(other === undefined || Buffer.from(other).equals(Buffer.from(name)), `${other} and ${name}`);
      seen.set(disk, name);
    }),
  );
});

test('no name leaves its folder or hides', () => {
  for (const name of ['..', '.', '../x', '/etc', '.new-1', 'a/b', 'a~b', 'a\0b', 'a\nb']) {
    const disk = diskName(name);
    assert.ok(!disk.includes('/') && !disk.startsWith('.') && !disk.includes('~'), `${name}: ${disk}`);
  }
});

test('a name without end is refused', () => {
  assert.throws(() => diskName(''), { code: 'invalid' });
  assert.throws(() => diskName('x'.repeat(65)), { code: 'invalid' });
});

test('every root has its own control groups, and a long one is refused where liblxc would cut it', () => {
  assert.equal(layoutOf().cgroup, 'ctvirt');
  assert.notEqual(layoutOf('/tmp/a').cgroup, layoutOf('/tmp/b').cgroup);
  assert.equal(layoutOf('/tmp/a').httpSocket, '/tmp/a/run/http.sock');
  assert.throws(() => layoutOf(`/tmp/${'x'.repeat(60)}`), { code: 'invalid' });
});

test('a root has one name, by whatever link it is reached, also before it is made', () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'cvl-')));
  try {
    mkdirSync(join(base, 'real'));
    symlinkSync('real', join(base, 'link'));
    for (const root of ['real', 'link', 'link/../real', 'link/.'])
      assert.deepEqual(layoutOf(join(base, root)), layoutOf(join(base, 'real')));
    assert.equal(layoutOf(join(base, 'link/new')).run, join(base, 'real/new/run'));
  } finally {
    rmSync(base, { recursive: true });
  }
});
