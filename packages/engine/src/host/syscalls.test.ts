// A path is opened whatever others rename meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInRoot } from './syscalls.js';

const renamer = 'while (1) { rename "$ARGV[0]/x", "$ARGV[0]/y"; rename "$ARGV[0]/y", "$ARGV[0]/x" }';

test('renames anywhere on the host keep nobody from a path with ..', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-open-'));
  for (const name of ['a', 'x']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'file'), '');
  const other = spawn('/usr/bin/perl', ['-e', renamer, folder], { stdio: 'ignore' });
  const root = openSync(folder, constants.O_RDONLY);
  try {
    for (const until = performance.now() + 300; performance.now() < until; )
      closeSync(openInRoot(root, 'a/../a/../a/../file', constants.O_RDONLY));
    assert.throws(() => openInRoot(root, 'a/../none', constants.O_RDONLY), /ENOENT|there is no/);
  } finally {
    const ended = once(other, 'exit');
    other.kill('SIGKILL');
    closeSync(root);
    // Until then it may still bring a name back.
    await ended;
    rmSync(folder, { recursive: true });
  }
});
