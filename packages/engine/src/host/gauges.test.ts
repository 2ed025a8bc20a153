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
  const gauges = new Gauges();
  try {
    const path = join(folder, 'file');
    for (const text of ['1\n', 'x'.repeat(100_000), 'max\n', '']) {
      writeFileSync(path, text);
      assert.equal(gauges.text(path), text);
    }
    writeFileSync(path, '9223372036854771712\n');
    assert.equal(gauges.number(path), null);
    writeFileSync(path, '42\n');
    assert.equal(gauges.number(path), 42);
    assert.equal(gauges.text(join(folder, 'absent')), '');
    assert.equal(gauges.number(join(folder, 'absent')), null);
  } finally {
    gauges.close();
    rmSync(folder, { recursive: true });
  }
});

test('however many there are, a bounded number stays open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-gauges-'));
  const gauges = new Gauges();
  const openFiles = (): number => readdirSync('/proc/self/fd').length;
  const before = openFiles();
  try {
    for (let at = 0; at < 1000; at++) {
      const path = join(folder, String(at));
      writeFileSync(path, String(at));
      assert.equal(gauges.number(path), at);
    }
    assert.ok(openFiles() - before <= 260, `${openFiles() - before} open`);
    assert.equal(
      gauges.text('/proc/self/stat').split(' ')[0],
      readFileSync('/proc/self/stat', 'utf8').split(' ')[0],
    );
  } finally {
    gauges.close();
    rmSync(folder, { recursive: true });
  }
  assert.ok(openFiles() <= before + 2);
});
