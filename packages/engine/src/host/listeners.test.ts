// Who listens, by the kernel's tables.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isInOwnNetwork } from '../testing/own-namespace.js';
import { holderOf, listeners, listenersIn } from './listeners.js';

test('sockets that wait are told, and connections are not', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0016 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1
`;
  assert.deepEqual(
    listenersIn(text, 'tcp').map(({ address, port }) => [address.toString('hex'), port]),
    [
      ['7f000001', 22],
      ['20010db8000000000000000000000001', 443],
    ],
  );
  assert.deepEqual(listenersIn(text, 'udp'), []);
});

if (isInOwnNetwork(import.meta.url))
  test('one of our own is found', async () => {
    execFileSync('/sbin/ip', ['link', 'set', 'lo', 'up']);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const { port } = address;
    const found = (await listeners()).find((one) => one.port === port);
    assert.equal(found?.address.join('.'), '127.0.0.1');
    const self = `process ${process.pid} (${readFileSync('/proc/self/comm', 'utf8').trim()})`;
    assert.equal(holderOf(port), `${self} of user ${process.getuid?.()}`);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(holderOf(port), undefined);
  });
