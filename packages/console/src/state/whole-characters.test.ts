// Characters that came in pieces.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WholeCharacters } from './whole-characters.js';

const text = 'a — b … “c” ü 𐀀 👩‍💻 x';
const bytes = new TextEncoder().encode(text);
const joined = (parts: readonly Uint8Array[]): number[] => parts.flatMap((part) => [...part]);

test('wherever they are cut, each piece is whole characters, and all of them together are what came', () => {
  for (let first = 0; first <= bytes.length; first++)
    for (let second = first; second <= bytes.length; second++) {
      const whole = new WholeCharacters();
      const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      const parts = pieces.map((piece) => whole.take(piece));
      for (const part of parts) new TextDecoder('utf-8', { fatal: true }).decode(part);
      assert.deepEqual(joined(parts), [...bytes]);
    }
});

test('bytes that are no text wait for nothing that does not come', () => {
  const whole = new WholeCharacters();
  const noise = Uint8Array.from({ length: 4096 }, (_, at) => (at * 167 + (at >> 3)) & 0xff);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < noise.length; at += 7) parts.push(whole.take(noise.subarray(at, at + 7)));
  parts.push(whole.take(Uint8Array.of(0x0a)));
  assert.deepEqual(joined(parts), [...noise, 0x0a]);
  assert.deepEqual(joined([whole.take(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0xff, 0xfe))]).length, 6);
});
