// What is listed of files that somebody makes and removes meanwhile.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { spawnPiped } from '../host/piped.js';
import { hostEnvironment } from '../host/run.js';
import { deepPathIn, treeOf } from './layer-stream.js';

const options = { skip: process.getuid?.() === 0 ? false : 'root alone confines programs so' };
const CHURN = 'cd "$0" && while [ ! -e ../stays/stop ]; do mkdir -p a/b c/d e/f; rm -rf a c e; done';

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
      const { tree } = await treeOf({ path, within: (start) => start() }, { isRunning: true });
      assert.ok(tree.has('stays'));
    }
  } finally {
    writeFileSync(join(path, 'stays', 'stop'), '');
    await Promise.all(churn.map(({ program }) => program.ended));
    rmSync(path, { recursive: true });
  }
});

test('sockets are counted, and no part of what is sent', options, async () => {
  const path = mkdtempSync(join(tmpdir(), 'cvl'));
  const listening = createServer().listen(join(path, 'socket'));
  try {
    await once(listening, 'listening');
    const { tree, sockets } = await treeOf({ path, within: (start) => start() }, { isRunning: false });
    assert.deepEqual([sockets, [...tree.keys()]], [1, ['']]);
  } finally {
    listening.close();
    await once(listening, 'close');
    rmSync(path, { recursive: true });
  }
});

const DEEPEN = `process.chdir(process.argv[1]);
for (let at = 0; at < 25; at++) { fs.mkdirSync('d'.repeat(200)); process.chdir('d'.repeat(200)); }`;

test('a path that is too long to be packed is found before anything is sent', options, async () => {
  const path = mkdtempSync(join(tmpdir(), 'cvl'));
  const tree = async () => (await treeOf({ path, within: (start) => start() }, { isRunning: false })).tree;
  mkdirSync(join(path, 'odd'));
  assert.equal(deepPathIn(await tree()), undefined);
  execFileSync(process.execPath, ['-e', DEEPEN, join(path, 'odd')]);
  assert.match(deepPathIn(await tree()) ?? '', /^\/odd\/ddd/);
  execFileSync('/bin/rm', ['-rf', '--', path]);
});
