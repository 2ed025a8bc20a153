// The client with servers that break the rules.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { RpcError, type RpcErrorCode } from '../errors.js';
import { encodeFrame, type FrameHeader, FrameSplitter } from '../frame.js';
import { keepalive, qemu, remote } from '../protocol/index.js';
import { rawFrame } from '../testing/raw-client.js';
import { Wire } from '../testing/wire.js';
import { RpcClient } from './client.js';

const hostname = remote.calls.connectGetHostname;
const dom = { name: 'a', uuid: '00000000-0000-4000-8000-000000000000', id: 1 };

function withCode(code: RpcErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof RpcError && error.code === code;
}

function start(): { wire: Wire; client: RpcClient; sent(): FrameHeader } {
  const wire = new Wire();
  const splitter = new FrameSplitter();
  const sent = () => {
    for (const chunk of wire.written.splice(0)) splitter.push(chunk);
    const frame = splitter.next();
    assert.ok(frame);
    return frame;
  };
  return { wire, client: new RpcClient(wire), sent };
}

test('replies may come in any order', async () => {
  const { wire, client, sent } = start();
  const first = client.call('connectGetHostname');
  const { serial } = sent();
  const second = client.call('connectGetHostname');
  const { serial: later } = sent();
  const reply = { program: remote.number, version: 1, procedure: hostname.number, type: 1, status: 0 };
  wire.push(encodeFrame({ ...reply, serial: later }, hostname.result, { hostname: 'second' }));
  wire.push(encodeFrame({ ...reply, serial }, hostname.result, { hostname: 'first' }));
  assert.deepEqual(await Promise.all([first, second]), [{ hostname: 'first' }, { hostname: 'second' }]);
});

test('replies nobody asked for end the connection, and with it the calls under way', async () => {
  for (const wrong of [
    { serial: 99 },
    { procedure: 60 },
    { program: qemu.number },
    { type: 0 },
    { type: 9 },
  ]) {
    const { wire, client, sent } = start();
    const call = client.call('connectGetHostname');
    wire.push(rawFrame({ ...sent(), type: 1, ...wrong }, Buffer.alloc(40)));
    await assert.rejects(call, withCode('protocol'), JSON.stringify(wrong));
    assert.equal((await client.closed).code, 'protocol');
    await assert.rejects(client.call('connectGetHostname'), withCode('protocol'));
  }
});

test('replies that do not decode fail their call only, results and errors alike', async () => {
  for (const status of [0, 1]) {
    const { wire, client, sent } = start();
    const call = client.call('connectGetHostname');
    wire.push(rawFrame({ ...sent(), type: 1, status }, Buffer.from([0xff, 0xff, 0xff, 0xff])));
    await assert.rejects(call, withCode('malformed'));
    const next = client.call('connectGetHostname');
    const header = { ...sent(), type: 1, status: 0 };
    wire.push(encodeFrame(header, hostname.result, { hostname: 'still here' }));
    assert.deepEqual(await next, { hostname: 'still here' });
  }
});

test('pings are answered; unknown messages are ignored', async () => {
  const { wire, client, sent } = start();
  wire.push(rawFrame({ procedure: 434_343, type: 2 }));
  wire.push(rawFrame({ program: keepalive.number, procedure: 1, type: 2, serial: 0 }));
  await new Promise(setImmediate);
  const { program, procedure, type, serial } = sent();
  assert.deepEqual([program, procedure, type, serial], [keepalive.number, 2, 2, 0]);
  await client.close();
});

test('a server that finishes a stream unasked, or with an error, ends the stream alone', async () => {
  for (const [status, code] of [
    [0, 'protocol'],
    [1, 'closed'],
  ] as const) {
    const { wire, client, sent } = start();
    const opening = client.open('domainOpenConsole', { dom, devName: null, flags: 0 });
    const header = sent();
    wire.push(rawFrame({ ...header, type: 1 }));
    const { stream } = await opening;
    const failed = once(stream, 'error');
    wire.push(rawFrame({ ...header, type: 3, status }));
    assert.ok(withCode(code)((await failed)[0]));
    // What still comes for it is dropped.
    wire.push(rawFrame({ ...header, type: 3, status: 2 }, Buffer.from('late')));
    await client.close();
  }
});

test('a stream that ends in the turn that opened it still tells its reader', async () => {
  const { wire, client, sent } = start();
  const opening = client.open('domainOpenConsole', { dom, devName: null, flags: 0 });
  const header = sent();
  const broken = rawFrame({ ...header, type: 1, serial: 99 });
  wire.push(Buffer.concat([rawFrame({ ...header, type: 1 }), broken]));
  const { stream } = await opening;
  assert.ok(withCode('protocol')((await once(stream, 'error'))[0]));
  assert.equal((await client.closed).code, 'protocol');
});

test('a call given up before it opened a stream aborts the stream when it opens', async () => {
  const { wire, client, sent } = start();
  const giveUp = new AbortController();
  const args = { dom, devName: null, flags: 0 };
  const opening = client.open('domainOpenConsole', args, { signal: giveUp.signal });
  const header = sent();
  giveUp.abort();
  await assert.rejects(opening, { name: 'AbortError' });
  wire.push(rawFrame({ ...header, type: 1 }));
  await new Promise(setImmediate);
  const { type, status, serial } = sent();
  assert.deepEqual([type, status, serial], [3, 1, header.serial]);
  await client.close();
});

test('procedures with and without stream are not confused, and those with descriptors refused', async () => {
  const { client } = start();
  const refused = withCode('unsupported');
  await assert.rejects(client.invoke(remote, 'domainOpenConsole', {}), refused);
  await assert.rejects(client.invokeStream(remote, 'domainGetInfo', {}), refused);
  await assert.rejects(client.invoke(remote, 'domainOpenGraphics', {}), refused);
  await assert.rejects(client.invoke(remote, 'domainFly', {}), withCode('invalid'));
  await client.close();
});
