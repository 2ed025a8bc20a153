// Files of the kernel's that are read again and again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Gauges } from './gauges.js';

test('a file is read anew each time, whatever its length', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-gauges-'));
  const gauges = new Gauges(10);
  try {
    const path = join(folder, 'file');
    for (const text of ['1\n', 'x'.repeat(100_000), 'max\n', '']) {
      writeFileSync(path, text);
      assert.equal(gauges.text(folder, 'file'), text);
    }
    writeFileSync(path, '9223372036854771712\n');
    assert.equal(gauges.number(folder, 'file'), null);
    writeFileSync(path, '42\n');
    assert.equal(gauges.number(folder, 'file'), 42);
    assert.equal(gauges.text(folder, 'absent'), '');
    assert.equal(gauges.number(folder, 'absent'), null);
  } finally {
    gauges.close();
    rmSync(folder, { recursive: true });
  }
});

test('however many there are, a bounded number stays open, until its folder is forgotten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-gauges-'));
  const gauges = new Gauges(256);
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  try {
    for (const round of [1, 2])
      for (let at = 0; at < 1000; at++) {
        const name = String(at);
        writeFileSync(join(folder, name), String(at * round));
        assert.equal(gauges.number(folder, name), at * round);
      }
    assert.equal(openFiles() - before, 256);
    assert.equal(
      gauges.text('/proc/self', 'stat').split(' ')[0],
      readFileSync('/proc/self/stat', 'utf8').split(' ')[0],
    );
    gauges.forget(folder);
    assert.equal(openFiles(), before);
    assert.equal(gauges.number(folder, '7'), 14, 'and is read again');
  } finally {
    gauges.close();
    rmSync(folder, { recursive: true });
  }
  assert.equal(openFiles(), before);
});
