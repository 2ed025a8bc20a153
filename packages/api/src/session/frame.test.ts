// Frames survive any cut of their bytes, and foreign bytes are refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeNumber,
  decodeResize,
  encodeFrame,
  encodeNumber,
  encodeResize,
  FrameDecoder,
  FrameError,
  type FrameType,
  frameTable,
  maxPayloadBytes,
} from './frame.js';

const types = Object.keys(frameTable) as FrameType[];
const anyFrame = fc.record({ type: fc.constantFrom(...types), payload: fc.uint8Array({ maxLength: 300 }) });

test('any frames, cut anywhere, come out as they went in', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 20 }), fc.array(fc.nat(40)), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)));
      const decoder = new FrameDecoder();
      const seen = [];
      let at = 0;
      for (const cut of cuts) {
        seen.push(...decoder.push(bytes.subarray(at, at + cut)));
        at = Math.min(at + cut, bytes.length);
      }
      seen.push(...decoder.push(bytes.subarray(at)));
      assert.deepEqual(
        seen.map(({ type, payload }) => [type, [...payload]]),
        frames.map(({ type, payload }) => [type, [...payload]]),
      );
    }),
  );
});

test('an incomplete frame yields nothing yet', () => {
  fc.assert(
    fc.property(anyFrame, fc.nat(), (frame, cut) => {
      const bytes = encodeFrame(frame.type, frame.payload);
      assert.deepEqual(new FrameDecoder().push(bytes.subarray(0, cut % bytes.length)), []);
    }),
  );
});

test('foreign bytes end in FrameError or in frames, never otherwise', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const decoder = new FrameDecoder();
      try {
        for (const chunk of chunks) decoder.push(Buffer.from(chunk));
      } catch (error) {
        assert.ok(error instanceof FrameError);
      }
    }),
  );
  const head = encodeFrame('stdin');
  new DataView(head.buffer).setUint32(1, maxPayloadBytes + 1);
  assert.throws(() => new FrameDecoder().push(head), FrameError);
});

test('numbers and sizes come back; a size is always one a terminal can have', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      const [frame] = new FrameDecoder().push(encodeNumber('exited', value));
      assert.equal(frame && decodeNumber(frame), value);
    }),
  );
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (columns, rows) => {
      const [frame] = new FrameDecoder().push(encodeResize(columns, rows));
      const size = frame && decodeResize(frame);
      const clamp = (cells: number) => Math.min(Math.max(cells, 1), 65535);
      assert.deepEqual(size, { columns: clamp(columns), rows: clamp(rows) });
    }),
  );
  assert.throws(() => decodeNumber({ type: 'exited', payload: new Uint8Array(3) }), FrameError);
});
