// Where another host finds a ctvirtd.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseUri } from '@ctvirt/rpc';
import { serveLibvirtInMemory } from '../testing/serve-libvirt.js';
import { complete, reach, uriHere } from './target.js';

const usual = { socket: '/run/ctvirt/libvirt-sock', tlsPort: 16_514 };
const other = { socket: '/srv/x/run/libvirt-sock', tlsPort: 4711 };

test('a host is reached as whoever asked came to it', () => {
  assert.equal(uriHere('unix', 'far', usual), 'ctvirt+ssh://far/system');
  assert.equal(uriHere('tcp', 'far', other), 'ctvirt+ssh://far/system?socket=/srv/x/run/libvirt-sock');
  assert.equal(uriHere('tls', 'far', usual), 'ctvirt+tls://far/system');
  assert.equal(uriHere('tls', 'far', other), 'ctvirt+tls://far:4711/system');
  assert.equal(uriHere('tls', '[fd00::2]', other), 'ctvirt+tls://[fd00::2]:4711/system');
  const odd = uriHere('unix', 'far', { ...usual, socket: '/srv/a&b #1/sock' });
  assert.equal(parseUri(odd).options.get('socket'), '/srv/a&b #1/sock');
  for (const transport of ['unix', 'tls'])
    for (const where of [usual, other]) assert.match(complete(uriHere(transport, 'far', where)), /^ctvirt\+/);
});

/** Takes connections; what it says to them is up to `serve`. */
async function listening(t: TestContext, server: Server): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'target-'));
  const path = join(folder, 'socket');
  server.listen(path);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return `ctvirt+unix:///system?socket=${path}`;
}

test('a host that takes the connection and never answers is given up, by its name', async (t) => {
  const uri = await listening(
    t,
    createServer((socket) => void socket.on('error', () => undefined).resume()),
  );
  await assert.rejects(reach(uri, 50), {
    code: 'timeout',
    message: `${uri} has not answered within 0.05 s`,
  });
});

test('so is one that falls silent before anything is agreed', async (t) => {
  const { socket: path } = await serveLibvirtInMemory(t);
  let isSilent = false;
  const uri = await listening(
    t,
    createServer((socket) => {
      const there = createConnection({ path }).on('error', () => undefined);
      socket.on('error', () => undefined).on('close', () => there.destroy());
      socket.on('data', (bytes) => void (isSilent || there.write(bytes)));
      there.pipe(socket);
    }),
  );
  const target = await reach(uri, 3000);
  isSilent = true;
  const offer = {
    version: 1,
    job: 'a',
    xml: '<domain/>',
    ctid: null,
    autostart: false,
    start: false,
    layers: [],
  };
  await assert.rejects(target.ask({ step: 'look', offer }), { code: 'timeout', message: /^ctvirt\+unix:/ });
  // Without a word to who does not listen.
  await target.close();
});
