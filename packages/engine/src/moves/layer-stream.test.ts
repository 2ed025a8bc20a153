// What is listed of files that somebody makes and removes meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { spawnPiped } from '../host/piped.js';
import { hostEnvironment } from '../host/run.js';
import { treeOf } from './layer-stream.js';

const options = { skip: process.getuid?.() === 0 ? false : 'root alone confines programs so' };
const CHURN = 'cd "$0" && while :; do mkdir -p a/b c/d e/f; rm -rf a c e; done';

test('folders that go while they are listed are no failure', options, async () => {
  const path = mkdtempSync(join(tmpdir(), 'cvl'));
  mkdirSync(join(path, 'stays'));
  const churn = Array.from({ length: 3 }, (_, at) => {
    const folder = join(path, String(at));
    mkdirSync(folder);
    return spawnPiped(['/bin/sh', '-c', CHURN, folder], { env: hostEnvironment });
  });
  try {
    for (let time = 0; time < 40; time++) {
      const tree = await treeOf({ path, within: (start) => start() }, { isRunning: true });
      assert.ok(tree.has('stays'));
    }
  } finally {
    for (const { program } of churn) program.kill();
    await Promise.all(churn.map(({ program }) => program.ended));
    rmSync(path, { recursive: true });
  }
});
