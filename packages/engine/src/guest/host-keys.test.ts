// Whose SSH keys and machine-id a container has: its own, whatever its template has.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeGuestFiles } from './files.js';
import { hostKeys, machineId } from './host-keys.js';
import { forgetIdentity } from './identity.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cvkeys'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
const uuid = 'abcdef00-0000-4000-8000-000000000001';

/** As a start does it, with the template's tree below. */
function write(): void {
  const [root, model] = [openSync(join(folder, 'root'), 'r'), openSync(join(folder, 'model'), 'r')];
  try {
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    writeGuestFiles({ root, owner, model }, [machineId(uuid), ...hostKeys('web')], (remark) =>
      assert.fail(remark),
    );
  } finally {
    closeSync(root);
    closeSync(model);
  }
}

/** What OpenSSH reads of a secret key is what stands beside it. */
function assertPair(kind: string): void {
  const path = join(folder, `root/etc/ssh/ssh_host_${kind}_key`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(`${path}.pub`).mode & 0o777, 0o644);
  const { status, stdout, stderr, error } = spawnSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' });
  if (error !== undefined) {
    // No OpenSSH here: what Node reads it reads alike.
    if (kind !== 'ed25519') assert.ok(createPublicKey(createPrivateKey(readFileSync(path))));
    return;
  }
  assert.equal(status, 0, stderr);
  const fields = (line: string): string => line.trim().split(' ').slice(0, 2).join(' ');
  assert.equal(fields(stdout), fields(readFileSync(`${path}.pub`, 'utf8')));
}

test('where there is a server and no key, keys are made; they stay', () => {
  put('model/etc/ssh/sshd_config', '#HostKey /etc/ssh/ssh_host_rsa_key\n');
  put('root/etc/ssh/sshd_config', '#HostKey /etc/ssh/ssh_host_rsa_key\n');
  write();
  const names = ['ecdsa', 'ed25519'].flatMap((kind) => [`ssh_host_${kind}_key`, `ssh_host_${kind}_key.pub`]);
  assert.deepEqual(readdirSync(join(folder, 'root/etc/ssh')).sort(), [...names, 'sshd_config']);
  for (const kind of ['ecdsa', 'ed25519']) assertPair(kind);
  const before = read('root/etc/ssh/ssh_host_ed25519_key');
  write();
  assert.equal(read('root/etc/ssh/ssh_host_ed25519_key'), before);
});

test('keys that the template has are nobody’s; those that its server names are made', () => {
  const config = 'HostKey /etc/ssh/ssh_host_rsa_key\n  hostkey /etc/ssh/ssh_host_ecdsa_key\n';
  for (const tree of ['model', 'root']) {
    put(`${tree}/etc/ssh/sshd_config`, config);
    for (const kind of ['rsa', 'dsa', 'ed25519', 'ecdsa'])
      for (const end of ['', '.pub']) put(`${tree}/etc/ssh/ssh_host_${kind}_key${end}`, `${kind}${end}`);
  }
  put('root/etc/ssh/ssh_host_ecdsa_key', 'of its own');
  put('root/etc/ssh/ssh_host_ecdsa_key.pub', 'of its own, too');
  write();
  assertPair('rsa');
  assert.equal(read('root/etc/ssh/ssh_host_ecdsa_key'), 'of its own');
  assert.equal(read('root/etc/ssh/ssh_host_ecdsa_key.pub'), 'of its own, too');
  for (const kind of ['dsa', 'ed25519'])
    for (const end of ['', '.pub'])
      assert.ok(!existsSync(join(folder, `root/etc/ssh/ssh_host_${kind}_key${end}`)), kind);
});

test('without a server no key is made', () => {
  for (const tree of ['model', 'root']) put(`${tree}/etc/ssh/ssh_config`, '');
  write();
  assert.deepEqual(readdirSync(join(folder, 'root/etc/ssh')), ['ssh_config']);
});

test('a machine-id that is empty or the template’s becomes one of its own', () => {
  const id = `${uuid.replaceAll('-', '')}\n`;
  const shared = `${'0123456789abcdef'.repeat(2)}\n`;
  const other = `${'fedcba9876543210'.repeat(2)}\n`;
  for (const [made, present, then] of [
    ['', '', id],
    [shared, shared, id],
    [shared, other, other],
    ['uninitialized\n', 'uninitialized\n', 'uninitialized\n'],
  ] as const) {
    put('model/etc/machine-id', made);
    put('root/etc/machine-id', present);
    write();
    assert.equal(read('root/etc/machine-id'), then);
  }
});

test('a template loses what only one system may have, and nothing else; no link leads out of it', async () => {
  const goes = [
    'etc/ssh/ssh_host_rsa_key',
    'etc/ssh/ssh_host_rsa_key.pub',
    'var/lib/dbus/machine-id',
    'var/lib/systemd/random-seed',
    'var/lib/cloud/instances/i-1/boot-finished',
    'var/lib/cloud/data/instance-id',
  ];
  const stays = ['etc/ssh/sshd_config', 'var/lib/cloud/seed/user-data', 'var/lib/systemd/timers/x'];
  for (const path of [...goes, ...stays]) put(`root/${path}`, 'x');
  put('root/etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`);
  symlinkSync('/var/lib/cloud/instances/i-1', join(folder, 'root/var/lib/cloud/instance'));
  let isServed = false;
  setImmediate(() => {
    isServed = true;
  });
  await forgetIdentity(join(folder, 'root'));
  assert.ok(isServed, 'the daemon does other work meanwhile');
  for (const path of goes) assert.ok(!existsSync(join(folder, 'root', path)), path);
  for (const path of stays) assert.ok(existsSync(join(folder, 'root', path)), path);
  assert.deepEqual(readdirSync(join(folder, 'root/var/lib/cloud')), ['seed']);
  assert.equal(read('root/etc/machine-id'), '');
  // A template of somebody who means harm.
  put('victim/ssh_host_rsa_key', 'precious');
  put('victim/machine-id', 'precious '.repeat(9));
  mkdirSync(join(folder, 'hostile/etc'), { recursive: true });
  symlinkSync(join(folder, 'victim'), join(folder, 'hostile/etc/ssh'));
  symlinkSync(join(folder, 'victim/machine-id'), join(folder, 'hostile/etc/machine-id'));
  mkdirSync(join(folder, 'hostile/var/lib/cloud'), { recursive: true });
  symlinkSync(join(folder, 'victim'), join(folder, 'hostile/var/lib/cloud/data'));
  await forgetIdentity(join(folder, 'hostile'));
  assert.deepEqual(readdirSync(join(folder, 'victim')).sort(), ['machine-id', 'ssh_host_rsa_key']);
  assert.match(read('victim/machine-id'), /^precious/);
});
