// Files written into a tree that belongs to somebody else, who may have laid traps there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type GuestFile, writeGuestFiles } from './files.js';
import { guestNames } from './names.js';

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
/** Returns what was told. */
function write(root: string, files: readonly GuestFile[]): string[] {
  const told: string[] = [];
  const fd = openSync(root, 'r');
  try {
    writeGuestFiles({ root: fd, owner }, files, (remark) => told.push(remark));
  } finally {
    closeSync(fd);
  }
  return told;
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

test('a folder in its place is left and told, and the next file is written', () => {
  inTree((root) => {
    for (const fill of [false, true]) {
      mkdirSync(join(root, 'etc', 'hostname', ...(fill ? ['x'] : [])), { recursive: true });
      const told = write(root, [hostname, { ...hostname, name: 'next' }]);
      assert.match(told.join(), /^its \/etc\/hostname is left as it is.*$/);
      assert.equal(readFileSync(join(root, 'etc', 'next'), 'utf8'), 'web\n');
      assert.deepEqual(readdirSync(join(root, 'etc')).sort(), ['hostname', 'next']);
    }
  });
});

test('what is in the place of the folder is left and told: a file, a pipe, a link to itself', () => {
  const makers = {
    file: (path: string) => writeFileSync(path, 'mine'),
    pipe: (path: string) => void execFileSync('mkfifo', [path]),
    'link to itself': (path: string) => symlinkSync('/etc', path),
  };
  for (const [what, make] of Object.entries(makers))
    inTree((root) => {
      rmSync(join(root, 'etc'), { recursive: true });
      make(join(root, 'etc'));
      const { ino } = lstatSync(join(root, 'etc'));
      assert.match(write(root, [hostname]).join(), /^its \/etc\/hostname is left/, what);
      assert.equal(lstatSync(join(root, 'etc')).ino, ino, what);
    });
});

test('bytes that are no UTF-8 are kept', () => {
  inTree((root) => {
    const path = join(root, 'etc', 'hosts');
    writeFileSync(path, Buffer.from('10.0.0.1 a # M\xfcller\n', 'latin1'));
    const names = { hostname: 'web', isAsked: true, nameservers: [], searches: [] };
    assert.deepEqual(write(root, guestNames(names)), []);
    assert.equal(readFileSync(path, 'latin1'), '127.0.1.1\tweb\n10.0.0.1 a # M\xfcller\n');
    // And what is asked for is written in it.
    write(root, guestNames({ ...names, hostname: 'm\u00fcller' }));
    assert.equal(readFileSync(join(root, 'etc', 'hostname'), 'utf8'), 'm\u00fcller\n');
  });
});

test('a fault of our own is not taken for one of the container', () => {
  inTree((root) => {
    const faulty = (): string => assert.fail('ours');
    assert.throws(() => write(root, [{ ...hostname, text: faulty }]), /ours/);
  });
});

const needsRoot = process.getuid?.() === 0 ? false : 'only root makes mounts';
test('without room for all of it the old file stays, and another is written', { skip: needsRoot }, () => {
  inTree((root) => {
    const etc = join(root, 'etc');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', etc]);
    try {
      writeFileSync(join(etc, 'hosts'), 'a'.repeat(40_000));
      const large = { folder: 'etc', name: 'hosts', text: () => 'b'.repeat(40_000) };
      assert.match(write(root, [large, hostname]).join(), /^its \/etc\/hosts is left .*ENOSPC/);
      assert.equal(readFileSync(join(etc, 'hosts'), 'utf8'), 'a'.repeat(40_000));
      assert.deepEqual(readdirSync(etc).sort(), ['hostname', 'hosts']);
    } finally {
      execFileSync('umount', [etc]);
    }
  });
});
