// What restic says of a repository that changes while it looks.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Restic } from './restic.js';

const skip = process.getuid?.() === 0 && existsSync('/usr/bin/restic') ? false : 'root and restic only';
const memory = '/nowhere';

test('what is forgotten while it is listed is not in the list, and fails nobody', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvr'));
  try {
    const passwordFile = join(folder, 'password');
    const path = join(folder, 'repository');
    writeFileSync(passwordFile, 'secret\n', { mode: 0o600 });
    const restic = new Restic(
      { name: 'default', path, passwordFile },
      { holder: 'here', name: 'here', memory },
    );
    await restic.init();
    const going = join(path, 'snapshots', 'e'.repeat(64));
    // A name without a file, as one is that is removed between the two.
    symlinkSync('/nowhere', going);
    const began = performance.now();
    await assert.rejects(restic.list(), { code: 'host-command', message: /no such file/ });
    // It was tried five times.
    const tookMs = performance.now() - began;
    const list = restic.list();
    const first = setTimeout(() => rmSync(going), tookMs / 4);
    assert.deepEqual(await list, []);
    clearTimeout(first);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
