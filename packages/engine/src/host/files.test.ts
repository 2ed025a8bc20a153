// Trees that are removed whole, whoever kills what removes them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { emptyTree, removeTree } from './files.js';
import { childrenOf } from './processes.js';

test('a tree goes although rm is killed', async () => {
  for (let isKilled = false; !isKilled; ) {
    const folder = mkdtempSync(join(tmpdir(), 'cvrm'));
    execFileSync('/bin/sh', ['-c', 'mkdir a b && seq 20000 | sed s,^,a/, | xargs touch'], { cwd: folder });
    let isOver = false;
    const removing = removeTree(folder).finally(() => {
      isOver = true;
    });
    // On a busy host it may have ended before it is seen; its number stays its own until it is waited for, in another turn.
    while (!isOver && !isKilled) {
      await turn();
      const [rm] = childrenOf(process.pid);
      if (rm !== undefined) isKilled = process.kill(rm, 'SIGKILL');
    }
    await removing;
    assert.equal(existsSync(folder), false);
  }
});

test('a folder is emptied whatever is in it is called, and of links the links go', async () => {
  const [folder, other] = [mkdtempSync(join(tmpdir(), 'cvrm')), mkdtempSync(join(tmpdir(), 'cvrm'))];
  execFileSync(
    '/bin/sh',
    [
      '-c',
      `touch '${other}/stays' && ln -s '${other}' link && at="$(printf 'caf\\351')" && mkdir "$at" && touch "$at/.x" ./-x`,
    ],
    { cwd: folder },
  );
  await emptyTree(folder);
  assert.deepEqual([readdirSync(folder), readdirSync(other)], [[], ['stays']]);
  rmdirSync(folder);
  await removeTree(other);
});
