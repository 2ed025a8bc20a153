// A terminal that is over takes nothing more, whoever has its descriptor's number by then.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSlave, setSize, takeBytesAsTheyAre, terminalOf } from './pty.js';
import { ioctlBuffer } from './syscalls.js';

function openPty(): { readonly master: number; readonly slave: number } {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const TIOCSPTLCK = 0x40045431;
  ioctlBuffer(master, TIOCSPTLCK, Buffer.alloc(4), '/dev/ptmx');
  return { master, slave: openSlave(master) };
}

test('what is typed after the end goes into no file that was opened since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-pty-'));
  const { master, slave } = openPty();
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

test('what a program writes comes as it is, and the size is what the other end reads', async () => {
  const { master, slave } = openPty();
  takeBytesAsTheyAre(master);
  setSize(master, { columns: 132, rows: 43 });
  const size = Buffer.alloc(8);
  const TIOCGWINSZ = 0x5413;
  ioctlBuffer(slave, TIOCGWINSZ, size, 'a terminal');
  assert.deepEqual([size.readUInt16LE(0), size.readUInt16LE(2)], [43, 132]);
  writeSync(slave, 'one\ntwo\r\n');
  const { stream } = terminalOf(master, slave, Promise.resolve());
  assert.equal(String(Buffer.concat(await stream.toArray())), 'one\ntwo\r\n');
});

test('what lies in a terminal is one piece, though the kernel gives 4095 bytes at a time', async () => {
  const { master, slave } = openPty();
  takeBytesAsTheyAre(master);
  const writer = openSync(
    `/proc/self/fd/${slave}`,
    constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK,
  );
  const text = Buffer.alloc(40_000, 'a line of forty characters, or so it is.\n');
  const written = writeSync(writer, text);
  closeSync(writer);
  assert.ok(written > 4095, `it took ${written} bytes`);
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { stream } = terminalOf(master, slave, ended);
  const pieces: Buffer[] = [];
  // What is there at the end of its program is read in another way.
  stream.on('data', (piece: Buffer) => {
    pieces.push(piece);
    end();
  });
  await once(stream, 'end');
  assert.ok(Buffer.concat(pieces).equals(text.subarray(0, written)));
  assert.equal(pieces.length, 1);
});
