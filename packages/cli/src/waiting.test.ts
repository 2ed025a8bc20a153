// What a command says that has to wait for a job of its domain.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { invoke } from './testing/harness.js';

const job = {
  id: '0123456789ab',
  domain: 'web',
  uuid: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  template: null,
  repository: null,
  kind: 'backup',
  state: 'running',
  startedAt: '2026-11-30T12:03:04.567Z',
  endedAt: null,
  elapsedMs: 9000,
  waitedMs: 0,
  exclusive: true,
  percent: 41,
  by: null,
  peer: null,
  downMs: null,
  progress: { phase: 'copy', done: 41, total: 100 },
  error: null,
};

test('a command that waits for a job says for which, how far that is, and what ends it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'http.sock');
  let isExclusive = true;
  let said = (): void => undefined;
  const server = createServer(async ({ method }, response) => {
    if (method === 'GET') {
      response.on('close', () => said());
      return response.end(JSON.stringify({ ...job, exclusive: isExclusive }));
    }
    // It has asked for the job by then, or never does.
    const isSaid = new Promise<void>((resolve) => {
      said = resolve;
    });
    await Promise.race([isSaid, sleep(2000)]);
    await sleep(200);
    return response.writeHead(409).end(JSON.stringify({ code: 'wrong-state', message: 'it is paused' }));
  });
  await once(server.listen(socket), 'listening');
  t.after(() => server.close());
  const suspend = ['--socket', socket, 'suspend', 'web'];
  const { err } = await invoke(suspend);
  assert.equal(
    err,
    "waits for domain 'web', which has a job, backup, since 2026-11-30T12:03:04Z: copy 41 %; `ctvirt job abort web` ends that\nerror: it is paused\n",
  );
  assert.equal((await invoke([...suspend, '--quiet'])).err, 'error: it is paused\n');
  // What is a job is refused where there is one, and the one that is told of is its own.
  assert.equal((await invoke(['--socket', socket, 'clone', 'web', 'shop'])).err, 'error: it is paused\n');
  isExclusive = false;
  assert.equal((await invoke(suspend)).err, 'error: it is paused\n');
});

test('what is interrupted says what became of it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'http.sock');
  let asked = (): void => undefined;
  const server = createServer(() => asked()); // it never answers
  await once(server.listen(socket), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const run = (words: string) => {
    const leave = new AbortController();
    asked = () => leave.abort();
    return invoke(['--socket', socket, ...words.split(' ')], { signal: leave.signal });
  };
  for (const words of ['clone web shop', 'export web /tmp/web.ctvirt.tar.zst', 'restore web', 'backup web']) {
    const { status, err } = await run(words);
    assert.deepEqual([status, err], [130, 'error: interrupted; nothing was kept\n'], words);
  }
  assert.match(
    (await run('migrate web ctvirt+ssh://far/')).err,
    /^error: interrupted; the domain stays here, unless /,
  );
});
