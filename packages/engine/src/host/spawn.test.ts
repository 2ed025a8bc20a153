// Proves what a spawned program starts with, and that each end is told.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { closeSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { type SpawnOptions, spawnProgram } from './spawn.js';
import { openPipe } from './syscalls.js';

async function outputOf(argv: [string, ...string[]], env: SpawnOptions['env'] = {}): Promise<string> {
  const pipe = openPipe();
  const child = spawnProgram(argv, { env, stdio: [undefined, pipe.write] });
  closeSync(pipe.write);
  const output = await text(new Socket({ fd: pipe.read, readable: true, writable: false }));
  assert.equal(await child.ended, 0);
  return output;
}

test('exit statuses and signals are told, each once its program has ended', async () => {
  const children = [
    spawnProgram(['/bin/true'], { env: {} }),
    spawnProgram(['/bin/false'], { env: {} }),
    spawnProgram(['/bin/sleep', '60'], { env: {} }),
  ];
  const [, , sleeper] = children;
  assert.equal(sleeper?.isOurs, true);
  if (sleeper !== undefined) process.kill(sleeper.pid, 'SIGKILL');
  assert.deepEqual(await Promise.all(children.map(({ ended }) => ended)), [0, 1, 128 + 9]);
  for (const child of children) {
    assert.equal(child.isOurs, false);
    assert.throws(() => readFileSync(`/proc/${child.pid}/status`), 'nobody is left to be reaped');
  }
});

test('many programs at once all end', async () => {
  const children = Array.from({ length: 100 }, () => spawnProgram(['/bin/true'], { env: {} }));
  assert.deepEqual(new Set(await Promise.all(children.map(({ ended }) => ended))), new Set([0]));
});

test('a program has the environment it is given, / as its folder and nothing else of ours', async () => {
  assert.equal(await outputOf(['/usr/bin/env'], { NAME: 'a value', OTHER: '' }), 'NAME=a value\nOTHER=\n');
  assert.equal(await outputOf(['/bin/pwd'], {}), '/\n');
  // The fourth is ls reading the folder.
  assert.deepEqual((await outputOf(['/bin/ls', '/proc/self/fd'])).trim().split('\n'), ['0', '1', '2', '3']);
});

test('signals are neither blocked nor ignored, although Node ignores some', async () => {
  const status = await outputOf(['/bin/cat', '/proc/self/status']);
  const masks = [...status.matchAll(/^Sig(?:Blk|Ign):\s+(\w+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  assert.deepEqual(masks, [0n, 0n]);
});

test('a program that is not there is refused', () => {
  assert.throws(
    () => spawnProgram(['/usr/bin/no-such-program'], { env: {} }),
    (error) => error instanceof EngineError && error.code === 'host-command',
  );
});
