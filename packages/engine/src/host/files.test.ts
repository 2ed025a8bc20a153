// Trees that are removed whole, whoever kills what removes them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyTree, removeTree } from './files.js';

test('a tree goes although rm is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cvrm'));
  execFileSync('/bin/sh', ['-c', 'mkdir a b && seq 20000 | sed s,^,a/, | xargs touch'], { cwd: folder });
  const removing = removeTree(folder);
  const child = (): number =>
    Number(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ')[0]);
  while (child() === 0) await sleep(1);
  process.kill(child(), 'SIGKILL');
  await removing;
  assert.equal(existsSync(folder), false);
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
