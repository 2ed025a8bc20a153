// A new file is there whole or not at all, whoever is killed.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from './gone.js';
import { writeNamed, writeNewFile } from './new-file.js';

/** A process that writes without end, killed as soon as it has begun. */
async function killed(how: string, target: string): Promise<void> {
  const program = `
    const { ${how}: write } = await import(${JSON.stringify(new URL('new-file.js', import.meta.url).href)});
    await write(${JSON.stringify(target)}, async (out) => {
      for (;;) { await new Promise((done) => out.write('x'.repeat(4096), done)); process.stdout.write('.'); }
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
}

const fill = (text: string) => (out: NodeJS.WritableStream) => pipeline(Readable.from([text]), out);

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(4096);
  throw new Error('in the middle');
}

for (const [what, write, left] of [
  ['here', writeNewFile, 0],
  ['where the kernel keeps no file without a name', writeNamed, 1],
] as const)
  test(`a file is there when it is whole, and of one that was killed nothing stays: ${what}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctvirt-new-file-'));
    try {
      const target = join(folder, 'web.tar');
      await killed(write.name, target);
      assert.equal(readdirSync(folder).length, left);
      writeFileSync(join(folder, '.web.tar.new-mine'), '');
      await write(target, fill('whole'));
      assert.deepEqual(readdirSync(folder).sort(), ['.web.tar.new-mine', 'web.tar']);
      assert.equal(readFileSync(target, 'utf8'), 'whole');
      assert.equal(statSync(target).mode & 0o777, 0o600);
      const isThere = (error: unknown): boolean => isErrno(error, 'EEXIST');
      await assert.rejects(write(target, fill('other')), isThere);
      const late = join(folder, 'late');
      const overtaken = write(late, async (out) => {
        writeFileSync(late, 'mine');
        await fill('other')(out);
      });
      await assert.rejects(overtaken, isThere);
      assert.equal(readFileSync(late, 'utf8'), 'mine');
      await assert.rejects(
        write(join(folder, 'none'), () => Promise.reject(new Error('of its filler'))),
        /of its filler/,
      );
      const open = readdirSync('/proc/self/fd').length;
      await assert.rejects(
        write(join(folder, 'none'), (out) => pipeline(failing(), out)),
        /in the middle/,
      );
      while (readdirSync('/proc/self/fd').length > open) await sleep(1);
      // Whose folder it is may put another one in its place.
      mkdirSync(join(folder, 'its'));
      await write(join(folder, 'its/late'), async (out) => {
        renameSync(join(folder, 'its'), join(folder, 'moved'));
        mkdirSync(join(folder, 'its'));
        await fill('there')(out);
      });
      assert.deepEqual(
        ['its', 'moved'].map((name) => readdirSync(join(folder, name))),
        [[], ['late']],
      );
      for (const name of ['its', 'moved']) rmSync(join(folder, name), { recursive: true });
      assert.deepEqual(readdirSync(folder).sort(), ['.web.tar.new-mine', 'late', 'web.tar']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
