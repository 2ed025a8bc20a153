// Passwords and keys in a tree that belongs to somebody else, who may have laid traps there.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Credentials, furnishCredentials, mergedCredentials, withPassword } from './credentials.js';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const none: Credentials = { passwords: {}, sshKeys: {} };

function inTree(
  use: (root: string, outside: string, give: (more: Partial<Credentials>) => string[]) => void,
): void {
  const base = mkdtempSync(join(tmpdir(), 'ctvirt-credentials-'));
  try {
    const [root, outside] = [join(base, 'root'), join(base, 'outside')];
    for (const folder of [outside, join(root, 'etc'), join(root, 'root'), join(root, 'home', 'joe')])
      mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(root, 'etc', 'passwd'),
      'root:x:0:0::/root:/bin/sh\njoe:x:1000:1000::/home/joe:/bin/sh\nlost:x:1001:1001::/home/lost:/bin/sh\n',
    );
    writeFileSync(join(root, 'etc', 'shadow'), 'root:*:19000:0:99999:7:::\njoe:!:19000::::::\n');
    chmodSync(join(root, 'etc', 'shadow'), 0o640);
    use(root, outside, (more) => {
      const told: string[] = [];
      const fd = openSync(root, 'r');
      try {
        furnishCredentials({ root: fd, owner }, { ...none, ...more }, (remark) => told.push(remark));
      } finally {
        closeSync(fd);
      }
      return told;
    });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

test('a password is put in its place, and the file stays who it was for', () => {
  inTree((root, _outside, give) => {
    assert.deepEqual(give({ passwords: { root: '$6$s$h' } }), []);
    const path = join(root, 'etc', 'shadow');
    const now = new Date();
    const day = Math.trunc(now.getTime() / 86_400_000);
    assert.equal(readFileSync(path, 'utf8'), `root:$6$s$h:${day}:0:99999:7:::\njoe:!:19000::::::\n`);
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.match(give({ passwords: { eve: 'x' } })[0] ?? '', /password of 'eve' is not set: .*no user 'eve'/);
  });
});

test('a password counts from its day on, wherever the lists had one before', () => {
  const change = { user: 'root', hash: '$6$s$h', now: new Date(20_000 * 86_400_000) };
  const passwd = 'root:x:0:0::/root:/bin/sh\n';
  const after = (before: string, lists = passwd) => withPassword({ passwd: lists, shadow: before }, change);
  // Expired: it had to be changed at the first login.
  assert.equal(after('root:!:0:0:99999:7:::\n')?.shadow, 'root:$6$s$h:20000:0:99999:7:::\n');
  // Nobody was asked for any, for the other list is not looked into.
  assert.deepEqual(after('root:*:19000::::::', 'root::0:0::/root:/bin/sh\njoe::1:1:::\n'), {
    shadow: 'root:$6$s$h:20000::::::',
    passwd: `${passwd}joe::1:1:::\n`,
  });
  assert.deepEqual(after('joe:*:19000::::::'), {
    shadow: 'joe:*:19000::::::\nroot:$6$s$h:20000:0:99999:7:::\n',
    passwd,
  });
  assert.deepEqual(withPassword({ passwd, shadow: undefined }, change), {
    passwd: 'root:$6$s$h:0:0::/root:/bin/sh\n',
    shadow: undefined,
  });
  assert.equal(withPassword({ passwd, shadow: '' }, { ...change, user: 'eve' }), undefined);
});

test('lists of very many users are read, too', () => {
  inTree((root, _outside, give) => {
    const path = join(root, 'etc', 'shadow');
    const others = Array.from({ length: 4000 }, (_, at) => `user${at}:*:19000:0:99999:7:::\n`).join('');
    writeFileSync(path, `${others}root:*:19000::::::\n`);
    assert.deepEqual(give({ passwords: { root: '$6$s$h' } }), []);
    assert.match(readFileSync(path, 'utf8'), /^root:\$6\$s\$h:/m);
  });
});

test('keys are added, each once, for their user alone to read', () => {
  inTree((root, _outside, give) => {
    assert.deepEqual(
      give({ sshKeys: { joe: ['ssh-ed25519 AAAA one'], root: ['ssh-ed25519 AAAA two'] } }),
      [],
    );
    assert.deepEqual(give({ sshKeys: { joe: ['ssh-ed25519 AAAA one', 'ssh-ed25519 AAAA three'] } }), []);
    const folder = join(root, 'home', 'joe', '.ssh');
    assert.equal(
      readFileSync(join(folder, 'authorized_keys'), 'utf8'),
      'ssh-ed25519 AAAA one\nssh-ed25519 AAAA three\n',
    );
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, 'authorized_keys')).mode & 0o777, 0o600);
    assert.match(
      give({ sshKeys: { lost: ['k'] } })[0] ?? '',
      /keys of 'lost' are not set: .*no \/home\/lost/,
    );
  });
});

test('no link leads out of the tree, nor a user to what is not the own', () => {
  inTree((root, outside, give) => {
    symlinkSync(outside, join(root, 'home', 'joe', '.ssh'));
    assert.equal(give({ sshKeys: { joe: ['k'] } }).length, 1);
    assert.equal(existsSync(join(outside, 'authorized_keys')), false);
    mkdirSync(join(root, 'root', '.ssh'));
    writeFileSync(join(outside, 'keys'), 'old\n');
    symlinkSync(join(outside, 'keys'), join(root, 'root', '.ssh', 'authorized_keys'));
    assert.equal(give({ sshKeys: { root: ['k'] } }).length, 1);
    assert.equal(readFileSync(join(outside, 'keys'), 'utf8'), 'old\n');
    writeFileSync(join(outside, 'shadow'), 'root:*:::::::\n');
    rmSync(join(root, 'etc', 'shadow'));
    symlinkSync(join(outside, 'shadow'), join(root, 'etc', 'shadow'));
    assert.equal(give({ passwords: { root: 'x' } }).length, 1);
    assert.equal(readFileSync(join(outside, 'shadow'), 'utf8'), 'root:*:::::::\n');
  });
});

test('of files that are too long that is told', () => {
  inTree((root, _outside, give) => {
    const long = 'one:x:1:1::/home/one:\n'.repeat(60_000);
    for (const name of ['shadow', 'passwd'])
      writeFileSync(join(root, 'etc', name), `root:*::::/root:\n${long}`);
    const told = give({ passwords: { root: 'x' }, sshKeys: { root: ['k'] } });
    assert.match(told[0] ?? '', /its \/etc\/shadow is no plain file of at most 1024 KiB/);
    assert.match(told[1] ?? '', /its \/etc\/passwd is no plain file of at most 1024 KiB/);
  });
});

test('what waits for a start is joined with what was said before', () => {
  const first = mergedCredentials(undefined, { passwords: { root: 'a' }, sshKeys: { root: ['x'] } });
  assert.deepEqual(
    mergedCredentials(first, { passwords: { root: 'b' }, sshKeys: { root: ['y', 'x'], joe: ['z'] } }),
    {
      passwords: { root: 'b' },
      sshKeys: { root: ['x', 'y'], joe: ['z'] },
    },
  );
  for (const user of ['constructor', '__proto__']) {
    const named = { passwords: { [user]: 'a' }, sshKeys: { [user]: ['x'] } };
    assert.deepEqual(mergedCredentials(mergedCredentials(undefined, named), named), named);
  }
});
