// A terminal that is over takes nothing more, whoever has its descriptor's number by then.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPty, terminalOf } from './pty.js';

test('what is typed after the end goes into no file that was opened since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-pty-'));
  const { master, slave } = openPty({ columns: 80, rows: 24 });
  // Nobody has read to the end yet, so the stream is still there.
  const { stream, resize } = terminalOf(master, slave, Promise.resolve());
  await sleep(50);
  const paths = Array.from({ length: 8 }, (_, at) => join(folder, String(at)));
  const files = paths.map((path) => openSync(path, 'w'));
  try {
    assert.ok(files.includes(master), 'the number was not given away again');
    stream.write('for the terminal alone');
    resize(100, 50);
    await sleep(50);
    assert.deepEqual(
      paths.map((path) => readFileSync(path, 'utf8')),
      paths.map(() => ''),
    );
  } finally {
    for (const file of files) closeSync(file);
    stream.destroy();
    rmSync(folder, { recursive: true });
  }
});
