// Events until the time for them is over.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { invoke, withDaemon } from '../testing/harness.js';

const { ctvirt } = withDaemon();

test('a time limit on events holds, whatever memory is given back meanwhile', {
  timeout: 120_000,
}, async () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  assert.ok(typeof collect === 'function');
  const collecting = setInterval(() => collect(), 20);
  try {
    const { status, err } = await ctvirt('events --timeout 1');
    assert.deepEqual([status, err], [0, 'events received: 0\n']);
  } finally {
    clearInterval(collecting);
  }
});

test('it is over at its time, though the daemon has not answered by then', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'http.sock');
  const server = createServer(() => undefined);
  await once(server.listen(socket), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  for (const words of [['events'], ['network', 'events']])
    assert.deepEqual(await invoke(['--socket', socket, ...words, '--timeout', '1']), {
      status: 0,
      out: '',
      err: 'events received: 0\n',
    });
});
