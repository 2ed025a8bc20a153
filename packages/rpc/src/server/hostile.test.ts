// The server with clients that break the rules, do not read, do not speak, or flood.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client/connection.js';
import { encodeFrame, maxFrameBytes, messageType } from '../frame.js';
import { keepalive, remote } from '../protocol/index.js';
import { openFrame, RawClient, rawFrame } from '../testing/raw-client.js';
import { startTiny, type TinyHypervisor } from '../testing/tiny-hypervisor.js';
import { until } from '../testing/until.js';

const hostname = remote.calls.connectGetHostname.number;
const lookup = remote.calls.domainLookupByName.number;
const capabilities = remote.calls.connectGetCapabilities.number;

function word(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return bytes;
}

async function isServed(client: RawClient): Promise<void> {
  client.send(rawFrame({ procedure: hostname, serial: 77 }));
  const { serial, status } = await client.next();
  assert.deepEqual([serial, status], [77, 0]);
}

async function othersAreServed(tiny: TinyHypervisor): Promise<void> {
  await using connection = await connect(`lxc+unix:///?socket=${tiny.socket}`);
  assert.equal(await connection.getHostname(), 'tiny.example');
}

test('frames of impossible length end the connection, and only that', async () => {
  await using tiny = await startTiny(1);
  for (const length of [0, 3, 4, 27, maxFrameBytes + 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
    using client = await RawClient.open(tiny.socket);
    client.send(Buffer.concat([word(length), Buffer.alloc(60)]));
    await client.ended;
  }
  await othersAreServed(tiny);
  assert.equal(tiny.server.receivedBytes, 0);
});

test('before it has opened, a client may send small frames only', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.connect(tiny.socket);
  client.send(word(70_000));
  await client.ended;
});

test('wrong programs, versions, statuses, procedures and arguments are answered, and the connection goes on', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.open(tiny.socket);
  const cases: [Buffer, RegExp][] = [
    [rawFrame({ program: 0x12345678 }), /^Cannot find program 305419896 version 1$/],
    [rawFrame({ version: 2 }), /^Cannot find program \d+ version 2$/],
    [rawFrame({ program: 0x20008087, procedure: 1 }), /^Cannot find program/],
    [rawFrame({ procedure: hostname, status: 1 }), /^Unexpected message status 1$/],
    [rawFrame({ procedure: 0 }), /^unknown procedure: 0$/],
    [rawFrame({ procedure: -5 }), /^unknown procedure: -5$/],
    [rawFrame({ procedure: 99_999 }), /^unknown procedure: 99999$/],
    [rawFrame({ procedure: 318 }), /^unknown procedure: 318$/],
    [rawFrame({ procedure: lookup }), /^Unable to decode message payload/],
    [rawFrame({ procedure: lookup }, word(0xffffffff)), /^Unable to decode message payload/],
    [rawFrame({ procedure: lookup }, word(4_194_305)), /^Unable to decode message payload/],
    [rawFrame({ procedure: lookup }, Buffer.concat([word(3), Buffer.from('a\0b\0')])), /^Unable to decode/],
    [rawFrame({ procedure: 1 }), /^Unable to decode message payload/],
    [openFrame(), /connection already open$/],
  ];
  for (const [frame, expected] of cases) {
    client.send(frame);
    assert.match(await client.nextError(), expected);
  }
  await isServed(client);
});

test('bytes after the arguments are ignored, as older clients send some', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.connect(tiny.socket);
  client.send(rawFrame({ procedure: remote.calls.authList.number }, word(1, 4, 0x61616161, 0)));
  const { status, payload } = await client.next();
  assert.equal(status, 0);
  assert.deepEqual(payload, word(1, 0));
});

test('nothing but opening is possible before opening', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.connect(tiny.socket);
  client.send(rawFrame({ procedure: hostname }));
  assert.match(await client.nextError(), /connection not open$/);
});

test('frames only servers send end the connection; messages and late stream frames are ignored', async () => {
  await using tiny = await startTiny(1);
  for (const type of [messageType.reply, messageType.replyWithFds, 7, 0xffffffff]) {
    using client = await RawClient.open(tiny.socket);
    client.send(rawFrame({ type }, word(0)));
    await client.ended;
  }
  using client = await RawClient.open(tiny.socket);
  client.send(rawFrame({ type: messageType.message, procedure: 318 }));
  client.send(rawFrame({ type: messageType.stream, serial: 9, status: 2 }, Buffer.alloc(1000)));
  client.send(rawFrame({ type: messageType.streamHole, serial: 9 }));
  await isServed(client);
});

test('calls with file descriptors are refused and their loose bytes skipped', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.open(tiny.socket);
  const call = rawFrame({ type: messageType.callWithFds, procedure: hostname }, word(2));
  client.send(Buffer.concat([call, Buffer.alloc(2)]));
  assert.match(await client.nextError(), /passing file descriptors$/);
  await isServed(client);
  client.send(rawFrame({ type: messageType.callWithFds }, word(33)));
  await client.ended;
});

test('frames may arrive a byte at a time', async () => {
  await using tiny = await startTiny(1);
  using client = await RawClient.connect(tiny.socket);
  client.socket.setNoDelay(true);
  for (const byte of openFrame()) {
    client.send(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  assert.equal((await client.next()).status, 0);
});

test('a client that leaves in the middle of a frame or a call leaves nothing behind', async () => {
  await using tiny = await startTiny(1, {
    handlers: { connectGetCapabilities: () => sleep(30).then(() => ({ capabilities: 'late' })) },
  });
  using truncated = await RawClient.open(tiny.socket);
  truncated.send(rawFrame({ procedure: hostname }).subarray(0, 20));
  using impatient = await RawClient.open(tiny.socket);
  impatient.send(rawFrame({ procedure: capabilities }));
  using half = await RawClient.open(tiny.socket);
  half.socket.end();
  await sleep(5);
  truncated.socket.destroy();
  impatient.socket.destroy();
  await until(() => tiny.server.clientCount === 0, 'the connections are gone');
  await sleep(50);
  assert.equal(tiny.server.receivedBytes, 0);
  assert.deepEqual(tiny.faults, []);
  assert.equal(tiny.ended.length, 3);
});

test('a client that reads no replies is held to a few calls in flight', async () => {
  let calls = 0;
  const big = 'x'.repeat(200_000);
  const handlers = {
    connectGetCapabilities: () => {
      calls++;
      return { capabilities: big };
    },
  };
  await using tiny = await startTiny(1, { handlers });
  using client = await RawClient.open(tiny.socket);
  client.socket.pause();
  const request = rawFrame({ procedure: capabilities });
  for (let sent = 0; sent < 1000; sent++) client.send(request);
  await sleep(200);
  assert.ok(calls <= 10, `${calls} calls were made`);
  assert.ok(tiny.server.receivedBytes < 300_000, `${tiny.server.receivedBytes} bytes are held`);
  await othersAreServed(tiny);
  client.socket.resume();
  for (let got = 0; got < 1000; got++) {
    const { payload } = await client.next();
    assert.equal(payload.length, 200_004);
  }
  assert.equal(calls, 1000);
});

test('a flood of calls waits outside', async () => {
  let running = 0;
  let most = 0;
  const handlers = {
    connectGetHostname: async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return { hostname: 'tiny.example' };
    },
  };
  await using tiny = await startTiny(1, { handlers });
  using client = await RawClient.open(tiny.socket);
  const count = 20_000;
  client.send(Buffer.concat(Array.from({ length: count }, () => rawFrame({ procedure: hostname }))));
  let heldMost = 0;
  for (let got = 0; got < count; got++) {
    await client.next();
    heldMost = Math.max(heldMost, tiny.server.receivedBytes);
  }
  assert.equal(most, 5);
  assert.ok(heldMost <= 2 * 65_536, `${heldMost} bytes were held`);
  await until(() => tiny.server.receivedBytes === 0, 'nothing is held any more');
});

test('a client that reads no events is closed before they pile up', async () => {
  await using tiny = await startTiny(1, { limits: { maxUnsentEventBytes: 100_000 } });
  using client = await RawClient.open(tiny.socket);
  const { args } = remote.calls.connectDomainEventCallbackRegisterAny;
  const header = { program: remote.number, version: 1, procedure: 316, type: 0, serial: 2, status: 0 };
  client.send(encodeFrame(header, args, { eventId: 0, dom: null }));
  await client.next();
  client.socket.pause();
  const dom = { name: 'n'.repeat(10_000), uuid: '00000000-0000-4000-8000-000000000000', id: 1 };
  for (let sent = 0; sent < 1000; sent++)
    tiny.server.publish('domain', 'lifecycle', { dom, event: 2, detail: 0 });
  await until(() => tiny.server.clientCount === 0, 'the client is gone');
});

test('a big reply on its way does not cost a client its events', async () => {
  const handlers = { connectGetCapabilities: () => ({ capabilities: 'x'.repeat(3_000_000) }) };
  await using tiny = await startTiny(1, { handlers, limits: { maxUnsentEventBytes: 10_000 } });
  using client = await RawClient.open(tiny.socket);
  const { args } = remote.calls.connectDomainEventCallbackRegisterAny;
  const header = { program: remote.number, version: 1, procedure: 316, type: 0, serial: 2, status: 0 };
  client.send(encodeFrame(header, args, { eventId: 0, dom: null }));
  await client.next();
  client.socket.pause();
  client.send(rawFrame({ procedure: capabilities }));
  await sleep(50);
  const dom = { name: 'ct0', uuid: '00000000-0000-4000-8000-000000000000', id: 1 };
  tiny.server.publish('domain', 'lifecycle', { dom, event: 2, detail: 0 });
  client.socket.resume();
  assert.equal((await client.next()).payload.length, 3_000_004);
  assert.equal((await client.next()).procedure, 318);
});

test('the end of the server does not wait for a client that does not read', async () => {
  const handlers = { connectGetCapabilities: () => ({ capabilities: 'x'.repeat(3_000_000) }) };
  const tiny = await startTiny(1, { handlers });
  using client = await RawClient.open(tiny.socket);
  client.socket.pause();
  client.send(rawFrame({ procedure: capabilities }));
  await sleep(50);
  const start = performance.now();
  await tiny[Symbol.asyncDispose]();
  assert.ok(performance.now() - start < 4000);
});

test('a stream whose client does not read makes its writer wait', async () => {
  let written = 0;
  let isDone = false;
  const handlers: Parameters<typeof startTiny>[1] = {
    handlers: {
      domainOpenConsole: (_args, call) => {
        const stream = call.openStream();
        const write = () => {
          while (!stream.destroyed && stream.write(Buffer.alloc(100_000))) written++;
          if (!stream.destroyed) stream.once('drain', write);
        };
        write();
        stream.once('close', () => {
          isDone = true;
        });
      },
    },
  };
  await using tiny = await startTiny(1, handlers);
  using client = await RawClient.open(tiny.socket);
  client.socket.pause();
  const dom = { name: 'ct0', uuid: '00000000-0000-4000-8000-000000000000', id: 1 };
  const header = { program: remote.number, version: 1, procedure: 201, type: 0, serial: 2, status: 0 };
  client.send(encodeFrame(header, remote.calls.domainOpenConsole.args, { dom, devName: null, flags: 0 }));
  await until(() => written > 0, 'the stream is open');
  // As long as there is room anywhere it has written more by the next look.
  for (let before = -1; before !== written; await sleep(100)) {
    before = written;
    assert.ok(written < 50);
  }
  client.socket.destroy();
  await until(() => isDone, 'the stream ends with its connection');
});

test('a stream whose handler does not read makes its client wait', async () => {
  let stream: { resume(): unknown } | undefined;
  await using tiny = await startTiny(1, {
    handlers: {
      storageVolUpload: (_args, call) => {
        stream = call.openStream();
      },
    },
  });
  using client = await RawClient.open(tiny.socket);
  const header = { program: remote.number, version: 1, procedure: 208, type: 0, serial: 2, status: 0 };
  const args = { vol: { pool: 'p', name: 'v', key: 'k' }, offset: 0n, length: 0n, flags: 0 };
  client.send(encodeFrame(header, remote.calls.storageVolUpload.args, args));
  await client.next();
  const data = rawFrame(
    { procedure: 208, serial: 2, type: messageType.stream, status: 2 },
    Buffer.alloc(100_000),
  );
  let sent = 0;
  while (sent < 1000 && client.socket.writableLength < 1_000_000) {
    client.send(data);
    if (++sent % 10 === 0) await sleep(2);
  }
  assert.ok(sent < 100, `${sent} frames were taken`);
  assert.ok(tiny.server.receivedBytes < 200_000);
  stream?.resume();
  await until(() => client.socket.writableLength === 0, 'the rest is taken');
  client.send(rawFrame({ procedure: 208, serial: 2, type: messageType.stream, status: 0 }));
  assert.deepEqual((({ type, serial, status }) => [type, serial, status])(await client.next()), [3, 2, 0]);
});

test('pings come only to those who asked, and those who stay silent are closed', async () => {
  await using tiny = await startTiny(1, { keepalive: { intervalMs: 15, count: 2 } });
  using quiet = await RawClient.open(tiny.socket);
  using deaf = await RawClient.open(tiny.socket);
  deaf.send(rawFrame({ procedure: remote.calls.connectSupportsFeature.number }, word(10)));
  assert.deepEqual((await deaf.next()).payload, word(1));
  const ping = await deaf.next();
  assert.deepEqual([ping.program, ping.procedure, ping.type], [keepalive.number, 1, messageType.message]);
  await deaf.ended;
  await isServed(quiet);
  quiet.send(rawFrame({ program: keepalive.number, procedure: 1, type: messageType.message, serial: 0 }));
  assert.equal((await quiet.next()).procedure, 2);
});

test('clients that never open are closed, and no more than allowed are let in', async () => {
  await using tiny = await startTiny(1, { limits: { openTimeoutMs: 50, maxClients: 3 } });
  const silent = await Promise.all([1, 2, 3].map(() => RawClient.connect(tiny.socket)));
  await until(() => tiny.server.clientCount === 3, 'three are in');
  using fourth = await RawClient.connect(tiny.socket);
  await fourth.ended;
  await Promise.all(silent.map(({ ended }) => ended));
  await until(() => tiny.server.clientCount === 0, 'all are gone');
});

test('no more than allowed wait for authentication', async () => {
  const authentication = { types: () => [2], polkit: async () => true };
  await using tiny = await startTiny(1, { authentication, limits: { maxUnauthenticated: 2 } });
  const waiting = await Promise.all([1, 2].map(() => RawClient.connect(tiny.socket)));
  await until(() => tiny.server.clientCount === 2, 'two are in');
  using third = await RawClient.connect(tiny.socket);
  await third.ended;
  const [first] = waiting;
  first?.send(rawFrame({ procedure: hostname }));
  assert.match((await first?.nextError()) ?? '', /^authentication required$/);
  for (const client of waiting) client.socket.destroy();
});

test('what all clients may keep in memory together is bounded', async () => {
  await using tiny = await startTiny(1, { limits: { maxReceivedBytes: 10 << 20 } });
  const hoarders = await Promise.all([1, 2, 3].map(() => RawClient.open(tiny.socket)));
  const start = Buffer.concat([word(30 << 20), Buffer.alloc(4 << 20)]);
  for (const client of hoarders) client.send(start);
  await until(() => tiny.server.clientCount < 3, 'one had to go');
  await othersAreServed(tiny);
  assert.ok(tiny.server.receivedBytes <= 10 << 20);
  for (const client of hoarders) client.socket.destroy();
  await until(() => tiny.server.receivedBytes === 0, 'all is given back');
});

test('a hundred connections come, call, listen and go without a trace', async () => {
  await using tiny = await startTiny(10);
  await Promise.all(
    Array.from({ length: 100 }, async (_, at) => {
      await using connection = await connect(`lxc+unix:///?socket=${tiny.socket}`);
      const domains = await connection.listAllDomains();
      const domain = domains[at % domains.length];
      assert.ok(domain);
      const events = connection.events('domain', 'lifecycle');
      const first = events.next();
      for (let round = 0; round < 20; round++) {
        await domain.getInfo();
        await domain.getXmlDesc();
        if (round % 5 === 0) await domain.suspend();
        else await assert.rejects(connection.domainLookupByName({ name: 'absent' }));
      }
      await first;
      await events.return();
      const console = await domain.openConsole();
      console.end();
      await once(console.resume(), 'close');
    }),
  );
  await until(() => tiny.server.clientCount === 0, 'all are gone');
  assert.equal(tiny.server.receivedBytes, 0);
  assert.deepEqual(tiny.faults, []);
  assert.equal(tiny.ended.length, 100);
});
