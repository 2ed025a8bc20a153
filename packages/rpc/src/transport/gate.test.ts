// Clients that connect and say nothing: bounded in number and time, and nobody else waits for them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from '../client/connection.js';
import { makeCertificates, noOpenssl } from '../testing/certificates.js';
import { openFrame, RawClient } from '../testing/raw-client.js';
import { startTiny } from '../testing/tiny-hypervisor.js';
import { until } from '../testing/until.js';
import { Gate } from './gate.js';
import { listenTcp, listenTls, listenUnix } from './listen.js';

/** Clients that say nothing; `open` counts those whose connection still stands. */
class Crowd implements Disposable {
  readonly #sockets: Socket[] = [];
  open = 0;

  async join(count: number, target: { path: string } | { host: string; port: number }): Promise<void> {
    const connected = Array.from({ length: count }, () => {
      const socket = dial(target).on('error', () => undefined);
      this.#sockets.push(socket);
      this.open++;
      socket.once('close', () => this.open--);
      return Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    });
    await Promise.all(connected.map((one) => one.catch(() => undefined)));
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

test('TLS clients that never shake hands are closed, and never many at once', {
  skip: noOpenssl,
}, async () => {
  using pki = makeCertificates();
  await using tiny = await startTiny(1);
  const gate = new Gate({ mostSilent: 50 });
  const place = { host: '127.0.0.1', port: 0, ca: pki.ca, ...pki.server };
  const listener = await listenTls(tiny.server, { ...place, gate, handshakeTimeoutMs: 1000 });
  const here = { host: '127.0.0.1', port: listener.port };
  using crowd = new Crowd();
  for (let round = 0; round < 20; round++) {
    await crowd.join(100, here);
    assert.ok(gate.count <= 51, `${gate.count} connections`);
    if (round % 5 !== 0) continue;
    await using connection = await connect(`lxc+tls://127.0.0.1:${listener.port}/system`, {
      tls: { ca: pki.ca, ...pki.client },
    });
    assert.equal(await connection.getHostname(), 'tiny.example');
  }
  await until(() => crowd.open === 0 && gate.count === 0, 'the silent ones are still there');
  await listener.close();
});

test('a silent client is closed in time, one that has spoken stays', async () => {
  await using tiny = await startTiny(1);
  const gate = new Gate({ silentMs: 100 });
  const path = `${tiny.socket}-gated`;
  const listener = await listenUnix(tiny.server, { path, gate });
  using client = await RawClient.open(path);
  using crowd = new Crowd();
  await crowd.join(3, { path });
  await until(() => crowd.open === 0, 'the silent ones are still there');
  assert.equal(gate.count, 1);
  client.socket.destroy();
  await client.ended;
  await until(() => gate.count === 0, 'the place is not free again');
  await listener.close();
});

test('who has begun a frame and does not go on is closed', async () => {
  await using tiny = await startTiny(1, { limits: { frameTimeoutMs: 100 } });
  using idle = await RawClient.open(tiny.socket);
  using half = await RawClient.open(tiny.socket);
  half.send(openFrame().subarray(0, 20));
  await half.ended;
  await until(() => tiny.server.clientCount === 1, 'the half one is still there');
  idle.socket.destroy();
});

test('one peer never takes the places of the others, nor one socket those of another', async () => {
  await using tiny = await startTiny(1);
  const gate = new Gate({ most: 20, mostOfPeer: 10 });
  const path = `${tiny.socket}-peers`;
  let peer = 'greedy';
  const listener = await listenUnix(tiny.server, { path, gate, peerOf: () => peer });
  const greedy: RawClient[] = [];
  for (let count = 0; count < 10; count++) greedy.push(await RawClient.open(path));
  using refused = await RawClient.connect(path);
  await refused.ended;
  peer = 'other';
  using other = await RawClient.open(path);
  assert.equal(gate.count, 11);
  using elsewhere = await RawClient.open(tiny.socket);
  for (const { socket } of [...greedy, other, elsewhere]) socket.destroy();
  await listener.close();
});

test('addresses of one IPv6 network are one peer', async () => {
  await using tiny = await startTiny(1);
  const seen: (string | undefined)[] = [];
  class Watched extends Gate {
    override admit(socket: Socket, peer?: string) {
      seen.push(peer);
      return super.admit(socket, peer);
    }
  }
  const listener = await listenTcp(tiny.server, { host: '::', port: 0, gate: new Watched() });
  using crowd = new Crowd();
  await crowd.join(1, { host: '127.0.0.1', port: listener.port });
  await crowd.join(1, { host: '::1', port: listener.port });
  assert.deepEqual(seen, ['127.0.0.1', '0:0:0:0']);
  await listener.close();
});
