// Frames: libvirt's own byte vectors, splitting at any byte, and frames nobody may send.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RpcError } from './errors.js';
import {
  decodePayload,
  encodeFrame,
  encodeRawFrame,
  type FrameHeader,
  FrameSplitter,
  maxFrameBytes,
  messageStatus,
  messageType,
} from './frame.js';
import { remoteError } from './protocol/objects.js';
import { struct } from './xdr.js';

// The facts of libvirt's tests/virnetmessagetest.c: program, procedure and serial are the ones it uses.
const header: FrameHeader = {
  program: 0x11223344,
  version: 1,
  procedure: 0x666,
  type: messageType.call,
  serial: 0x99,
  status: messageStatus.ok,
};
const headerHex = '0000001c 11223344 00000001 00000666 00000000 00000099 00000000';
const errorHeader = { ...header, type: messageType.message, status: messageStatus.error };
const errorHex =
  '00000001 00000007 00000001 0000000b 48656c6c6f20576f726c6400 00000002 00000000 ' +
  '00000001 00000003 4f6e6500 00000001 00000003 54776f00 00000001 00000005 5468726565000000 ' +
  '00000001 00000002 00000000';
const errorValue = {
  code: 1,
  domain: 7,
  message: 'Hello World',
  level: 2,
  dom: null,
  str1: 'One',
  str2: 'Two',
  str3: 'Three',
  int1: 1,
  int2: 2,
  net: null,
};

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

test('a header encodes to the bytes libvirt expects', () => {
  assert.deepEqual(encodeFrame(header, struct({}), {}), bytes(headerHex));
});

test('an error encodes to the bytes libvirt expects, and back', () => {
  const frame = encodeFrame(errorHeader, remoteError, errorValue);
  const expected = `00000074 11223344 00000001 00000666 00000002 00000099 00000001 ${errorHex}`;
  assert.deepEqual(frame, bytes(expected));
  assert.deepEqual(decodePayload(remoteError, bytes(errorHex)), errorValue);
});

test('stream data is neither counted nor padded', () => {
  const stream = { ...header, type: messageType.stream, status: messageStatus.continue };
  const frame = encodeRawFrame(stream, Buffer.from('T'));
  assert.equal(frame.length, 29);
  assert.equal(frame.readUInt32BE(0), 29);
  assert.equal(frame[28], 0x54);
});

function splitAll(stream: Buffer, cuts: number[]): { procedure: number; payload: string }[] {
  const splitter = new FrameSplitter();
  const seen: { procedure: number; payload: string }[] = [];
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
    splitter.push(stream.subarray(from, to));
    from = to;
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next())
      seen.push({ procedure: frame.procedure, payload: frame.payload.toString('hex') });
  }
  assert.equal(splitter.buffered, 0);
  return seen;
}

test('frames come out whole however the bytes arrive', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(), { maxLength: 40 }), (contents, cuts) => {
      const frames = contents.map((payload, at) => encodeRawFrame({ ...header, procedure: at }, payload));
      const expected = contents.map((payload, at) => ({
        procedure: at,
        payload: Buffer.from(payload).toString('hex'),
      }));
      assert.deepEqual(splitAll(Buffer.concat(frames), cuts), expected);
    }),
  );
});

test('the loose bytes after a frame with file descriptors are skipped', () => {
  const count = Buffer.from([0, 0, 0, 3]);
  const withFds = encodeRawFrame(
    { ...header, type: messageType.replyWithFds },
    Buffer.concat([count, Buffer.from('body')]),
  );
  const stream = Buffer.concat([withFds, Buffer.alloc(3), encodeRawFrame({ ...header, procedure: 2 })]);
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(splitAll(stream, [cut]), [
      { procedure: 0x666, payload: '626f6479' },
      { procedure: 2, payload: '' },
    ]);
});

test('impossible lengths are refused at the length word', () => {
  const cases: [number, string][] = [
    [0, 'protocol'],
    [27, 'protocol'],
    [maxFrameBytes + 1, 'too-large'],
    [0xffffffff, 'too-large'],
    [0x80000000, 'too-large'],
  ];
  for (const [length, code] of cases) {
    const splitter = new FrameSplitter();
    const word = Buffer.alloc(4);
    word.writeUInt32BE(length);
    splitter.push(word);
    assert.throws(
      () => splitter.next(),
      (error: unknown) => error instanceof RpcError && error.code === code,
      `length ${length}`,
    );
  }
});

test('a frame that dribbles in takes memory for what arrived, not for what it claims', () => {
  const splitter = new FrameSplitter();
  const word = Buffer.alloc(4);
  word.writeUInt32BE(maxFrameBytes);
  const before = process.memoryUsage().arrayBuffers;
  splitter.push(word);
  for (let i = 0; i < 10_000; i++) {
    splitter.push(Buffer.from([1]));
    assert.equal(splitter.next(), undefined);
  }
  assert.equal(splitter.buffered, 10_004);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});
