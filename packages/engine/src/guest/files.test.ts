// Files written into a tree that belongs to somebody else, who may have laid traps there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type GuestFile, writeGuestFiles } from './files.js';

function inTree(use: (root: string, outside: string) => void): void {
  const base = mkdtempSync(join(tmpdir(), 'ctvirt-guest-'));
  try {
    const root = join(base, 'root');
    const outside = join(base, 'outside');
    mkdirSync(join(root, 'etc'), { recursive: true });
    mkdirSync(outside);
    use(root, outside);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
function write(root: string, files: readonly GuestFile[]): void {
  const fd = openSync(root, 'r');
  try {
    writeGuestFiles({ root: fd, owner }, files);
  } finally {
    closeSync(fd);
  }
}
const hostname: GuestFile = { folder: 'etc', name: 'hostname', text: () => 'web\n' };

test('a file is written, readable by all, and left alone when it is right', () => {
  inTree((root) => {
    write(root, [hostname]);
    const path = join(root, 'etc', 'hostname');
    assert.equal(readFileSync(path, 'utf8'), 'web\n');
    const { ino } = lstatSync(path);
    write(root, [hostname]);
    assert.equal(lstatSync(path).ino, ino);
  });
});

test('its mode does not depend on the umask, and one that others cannot read is put right', () => {
  inTree((root) => {
    const path = join(root, 'etc', 'hostname');
    const own = process.umask(0o077);
    try {
      write(root, [hostname]);
      assert.equal(lstatSync(path).mode & 0o7777, 0o644);
      chmodSync(path, 0o600);
      write(root, [hostname]);
    } finally {
      process.umask(own);
    }
    assert.equal(lstatSync(path).mode & 0o7777, 0o644);
  });
});

test('what has no new text is left, mode and all', () => {
  inTree((root) => {
    const path = join(root, 'etc', 'hostname');
    writeFileSync(path, 'own\n', { mode: 0o600 });
    write(root, [{ ...hostname, text: () => undefined }]);
    assert.equal(readFileSync(path, 'utf8'), 'own\n');
    assert.equal(lstatSync(path).mode & 0o7777, 0o600);
  });
});

test('a link in its place is replaced, not followed', () => {
  inTree((root, outside) => {
    writeFileSync(join(outside, 'victim'), 'mine');
    symlinkSync(join(outside, 'victim'), join(root, 'etc', 'hostname'));
    write(root, [hostname]);
    assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'mine');
    assert.ok(lstatSync(join(root, 'etc', 'hostname')).isFile());
  });
});

test('a folder that is a link is resolved inside the tree', () => {
  inTree((root, outside) => {
    rmSync(join(root, 'etc'), { recursive: true });
    symlinkSync(outside, join(root, 'etc'));
    // Seen from inside, the link's target is not there: nothing is written anywhere.
    write(root, [hostname]);
    assert.throws(() => readFileSync(join(outside, 'hostname')));
  });
});

test('a file without end is not read', () => {
  inTree((root) => {
    writeFileSync(join(root, 'etc', 'hostname'), 'x'.repeat(1 << 17));
    chmodSync(join(root, 'etc', 'hostname'), 0o600);
    write(root, [hostname]);
    assert.equal(readFileSync(join(root, 'etc', 'hostname'), 'utf8'), 'web\n');
  });
});
