// What restic says of a repository that it cannot have.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Restic } from './restic.js';

const skip = process.getuid?.() === 0 && existsSync('/usr/bin/restic') ? false : 'root and restic only';

test('a repository in which somebody else works is busy, and one that lacks what it had is damaged', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvr'));
  const passwordFile = join(folder, 'password');
  const path = join(folder, 'repository');
  writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
  const restic = new Restic({ name: 'default', path, passwordFile }, 'here', hostname());
  await restic.init();
  await restic.check({ isWhole: true });
  const argv = ['--repo', path, '--password-file', passwordFile, '--no-cache', 'backup', '--stdin'];
  const other = spawn('restic', argv, { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    while (readdirSync(join(path, 'locks')).length === 0) await sleep(50);
    await assert.rejects(restic.check({ isWhole: true }), {
      code: 'busy',
      message: /^repository 'default' could not be checked: somebody else works in/,
    });
    const over = once(other, 'exit');
    other.stdin.end('text');
    await over;
    const packs = readdirSync(join(path, 'data'), { recursive: true, withFileTypes: true });
    for (const one of packs) if (one.isFile()) rmSync(join(one.parentPath, one.name));
    await assert.rejects(restic.check({ isWhole: true }), { message: /^repository 'default' is damaged: / });
  } finally {
    other.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test('what is forgotten while it is listed is not in the list, and fails nobody', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvr'));
  try {
    const passwordFile = join(folder, 'password');
    const path = join(folder, 'repository');
    writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
    const restic = new Restic({ name: 'default', path, passwordFile }, 'here', hostname());
    await restic.init();
    const going = join(path, 'snapshots', 'e'.repeat(64));
    // A name without a file, as one is that is removed between the two.
    symlinkSync('/nowhere', going);
    await assert.rejects(restic.list(), { code: 'host-command', message: /no such file/ });
    const list = restic.list();
    const first = setTimeout(() => rmSync(going), 600);
    assert.deepEqual(await list, []);
    clearTimeout(first);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a lock of somebody's run that was killed on this host goes at once, and none of who goes on or is elsewhere", {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvr'));
  const passwordFile = join(folder, 'password');
  const path = join(folder, 'repository');
  const locks = (): string[] => readdirSync(join(path, 'locks')).filter((name) => name.length === 64);
  writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
  const spec = { name: 'default', path, passwordFile };
  const restic = new Restic(spec, 'ours', hostname());
  await restic.init();
  const argv = ['--repo', path, '--password-file', passwordFile, '--no-cache', 'backup', '--stdin'];
  const other = spawn('restic', argv, { stdio: ['pipe', 'ignore', 'ignore'] });
  const over = once(other, 'exit');
  try {
    while (locks().length === 0) await sleep(50);
    await assert.rejects(restic.check({ isWhole: false }), { code: 'busy' });
    other.kill('SIGKILL');
    await over;
    assert.equal(locks().length, 1);
    // Of another host nothing is known.
    await assert.rejects(new Restic(spec, 'ours', 'elsewhere').check({ isWhole: false }), { code: 'busy' });
    await restic.check({ isWhole: false });
    assert.equal(locks().length, 0);
  } finally {
    other.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
