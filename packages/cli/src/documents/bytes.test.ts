// Bounded reading: all of a file within the bound, one byte more than it of any other, and no end where there is none.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { readBytes, readInput, readOrdinary } from './bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'ctvirt-bytes-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'file');

test('a file of any size comes whole, up to the bound', () => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const bytes = Buffer.alloc(size, 'abc');
    writeFileSync(file, bytes);
    assert.ok(readBytes(file, 1 << 20).equals(bytes), `${size}`);
    assert.ok(readBytes(file, size).equals(bytes), `${size} at the bound`);
    for (const most of [0, 10, 65_536, 70_000])
      if (most < size) assert.equal(readBytes(file, most).length, most + 1);
  }
});

test('what never ends ends at the bound, and only an ordinary file is one', async () => {
  assert.equal(readBytes('/dev/zero', 100_000).length, 100_001);
  assert.equal(readOrdinary('/dev/zero', 10), undefined);
  assert.equal(readOrdinary(file, 1 << 20)?.length, 200_000);
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(1000);
    })(),
  );
  assert.ok((await readInput(endless, 5000)).length > 5000);
});
