// Heads of streams of ZFS: the one kind that is a layer's, and all others, refused before ZFS reads them.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD_BYTES, readHead } from './zfs-head.js';

/** As `zfs send` of ZFS 2.3.2 writes it. */
function head(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeBigUInt64LE(0x2f5bacbacn, 8);
  bytes.writeBigUInt64LE(0x11n, 16);
  bytes.writeUInt32LE(2, 32);
  bytes.writeUInt32LE(0b1100, 36);
  bytes.write('near/layers/ctvirt-1@moment', 56);
  change(bytes);
  return bytes;
}

test('what zfs send writes unasked is taken, whole or by the moment that it stands on', () => {
  assert.deepEqual(readHead(head()), { base: undefined });
  const based = head((bytes) => {
    bytes.writeBigUInt64LE(17790271190815785398n, 48);
    bytes.writeUInt32LE(0b1101, 36);
  });
  assert.deepEqual(readHead(based), { base: '17790271190815785398' });
  assert.deepEqual(readHead(Buffer.concat([based, Buffer.from('more')])), { base: '17790271190815785398' });
  const large = head((bytes) => bytes.writeBigUInt64LE(1n | (((1n << 23n) | 4n) << 2n), 16));
  assert.deepEqual(readHead(large), { base: undefined });
});

const features = (bit: bigint) => (bytes: Buffer) =>
  void bytes.writeBigUInt64LE(1n | ((4n | (1n << bit)) << 2n), 16);
const refused: Readonly<Record<string, (bytes: Buffer) => void>> = {
  'of several datasets, with properties': (bytes) => bytes.writeBigUInt64LE(2n, 16),
  'of two forms at once': (bytes) => bytes.writeBigUInt64LE(3n, 16),
  'of a raw one': features(24n),
  'of one with holds': features(26n),
  'of a redacted one': features(21n),
  'of one that goes on with another': features(20n),
  'with blocks by their checksum': features(0n),
  'of a feature that nobody knows yet': features(40n),
  'with a list behind it': (bytes) => bytes.writeUInt32LE(8, 4),
  'of a volume': (bytes) => bytes.writeUInt32LE(3, 32),
  'of names without case': (bytes) => bytes.writeUInt32LE(0b1110, 36),
  'of the other order of bytes': (bytes) => bytes.subarray(8, 16).reverse(),
  'of another record': (bytes) => bytes.writeUInt32LE(1, 0),
};
for (const [what, change] of Object.entries(refused))
  test(`a head is refused ${what}`, () => {
    assert.throws(() => readHead(head(change)), { code: 'invalid', message: /is no layer's/ });
  });

test('one that ends too early is refused', () => {
  for (const length of [0, 8, HEAD_BYTES - 1])
    assert.throws(() => readHead(head().subarray(0, length)), /ends too early/);
});
