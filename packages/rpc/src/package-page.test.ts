// The examples of the README, run as they stand.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { connect } from './client/connection.js';
import { noLibvirtd, startLibvirtd } from './testing/libvirtd.js';

const run = promisify(execFile);
const packageFolder = new URL('..', import.meta.url).pathname;

/** Writes an example beside the built files, where the package's own name resolves. */
function example(at: number): { path: string } & Disposable {
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const code = [...readme.matchAll(/```js\n(.*?)```/gs)][at]?.[1];
  assert.ok(code);
  const folder = mkdtempSync(join(packageFolder, 'dist', 'readme-'));
  const path = join(folder, 'example.mjs');
  writeFileSync(path, code);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test('the client example works', { skip: noLibvirtd }, async () => {
  await using daemon = await startLibvirtd();
  using file = example(0);
  const { stdout } = await run(process.execPath, [file.path, daemon.uri, 'test']);
  assert.match(stdout, /TEST\ntest 6695eb01-f6a4-8304-79aa-97f2502e193f running\n/);
  assert.match(stdout, /Domain not found/);
  assert.match(stdout, /event 2 of example\n(event \d of example\n)*event 5 of example\n$/);
});

test('the server example works', async () => {
  using file = example(1);
  const socket = join(file.path, '..', 'sock');
  const child = spawn(process.execPath, [file.path, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    assert.match(String((await once(child.stdout, 'data'))[0]), /^listening on/);
    await using connection = await connect(`lxc+unix:///system?socket=${socket}`);
    const [domain] = await connection.listAllDomains();
    assert.equal(domain?.name, 'web');
    assert.equal((await domain?.getState())?.state, 1);
    assert.equal(await connection.getUri(), 'lxc:///system');
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
