// Compares what GNU tar makes of inspected archives with what the inspection wrote, byte damage included.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { damagedArchive } from '../../testing/hostile-random.js';
import { TemplateError } from './errors.js';
import { TarInspector } from './inspect.js';
import { DEFAULT_LIMITS } from './limits.js';
import { parseHeader, textField } from './tar-header.js';
import { BLOCK } from './tar-write.js';
import { unpack } from './unpack.js';

const run = promisify(execFile);

let dir = '';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-unpack-'));
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** The canonical archive's members as lines of path, kind, mode, owner, group, length and target. */
function model(bytes: Buffer): string[] {
  const lines = new Map<string, string>();
  const facts = new Map<string, string>();
  let long: { L?: string; K?: string } = {};
  for (let at = 0; bytes[at] !== 0; ) {
    const header = parseHeader(bytes.subarray(at, at + BLOCK));
    const data = bytes.subarray(at + BLOCK, at + BLOCK + header.size);
    at += BLOCK + Math.ceil(header.size / BLOCK) * BLOCK;
    if (header.type === 'L' || header.type === 'K') {
      long[header.type] = textField(data, 0, data.length);
      continue;
    }
    const path = (long.L ?? header.name).replace(/^\.\//, '').replace(/\/$/, '');
    const link = long.K ?? header.link;
    long = {};
    const kind = { '0': 'f', '1': 'h', '2': 'l', '5': 'd', '6': 'p' }[header.type];
    assert.ok(kind !== undefined, `canonical archives have no type ${header.type}`);
    const mode = kind === 'l' ? '777' : header.mode.toString(8);
    const size = kind === 'f' ? header.size : 0;
    const fact = [kind, mode, header.uid, header.gid, size, kind === 'l' ? link : ''].join('\0');
    facts.set(path, kind === 'h' ? (facts.get(link.replace(/^\.\//, '')) ?? '') : fact);
    lines.set(path, `${path}\0${facts.get(path)}`);
  }
  return [...lines.values()].sort();
}

async function onDisk(root: string): Promise<string[]> {
  const format = ['%P', '%y', '%m', '%U', '%G', '%s', '%l'].join('\\0');
  const { stdout } = await run('find', [root, '-printf', `${format}\\0//\\0`], {
    encoding: 'latin1',
    maxBuffer: 2 ** 26,
  });
  const lines = stdout.split('\0//\0').filter((line) => line !== '');
  return lines
    .map((line) => line.split('\0'))
    .map(([path, kind, mode, uid, gid, size, link]) =>
      [path, kind, mode, uid, gid, kind === 'f' ? size : 0, kind === 'l' ? link : ''].join('\0'),
    )
    .sort();
}

test('GNU tar makes exactly the tree that was inspected', async () => {
  let unpacked = 0;
  await fc.assert(
    fc.asyncProperty(damagedArchive, async ({ bytes }) => {
      const inspector = new TarInspector(once(bytes), DEFAULT_LIMITS);
      const parts: Buffer[] = [];
      try {
        for await (const block of inspector.blocks()) parts.push(block);
      } catch (error) {
        assert.ok(error instanceof TemplateError && error.code === 'invalid', String(error));
        return;
      }
      const canonical = Buffer.concat(parts);
      const target = join(dir, String(unpacked++));
      await mkdir(target);
      await unpack(once(canonical), target, DEFAULT_LIMITS);
      assert.deepEqual(await onDisk(target), model(canonical));
      await rm(target, { recursive: true });
    }),
    { numRuns: 150 },
  );
  assert.ok(unpacked > 10, `only ${unpacked} archives were unpacked: the property says little`);
});
