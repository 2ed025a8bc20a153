// What programs tell of files, whatever these are called.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { flaggedBelow } from './file-list.js';

const skip = process.getuid?.() === 0 ? false : 'root alone makes files that nobody can change';

test('files that chattr has made so are counted, and the rest of no name is one', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvflags-'));
  const path = (name: string): string => join(folder, name);
  for (const name of ['plain', 'fixed', 'a\nbreak', 'a\nia b', 'an -i- in it']) writeFileSync(path(name), '');
  try {
    assert.equal(await flaggedBelow([folder]), 0);
    execFileSync('chattr', ['+i', path('fixed')]);
    assert.equal(await flaggedBelow([folder]), 1);
  } finally {
    execFileSync('chattr', ['-i', path('fixed')]);
    rmSync(folder, { recursive: true });
  }
});
