// What the scripts inside do when all that they are to read does not come.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ExecSession } from '../../contract.js';
import type { Program } from '../driver.js';
import { usersOf } from './users.js';

const home = mkdtempSync(join(tmpdir(), 'ctvirt-users-'));
test.after(() => rmSync(home, { recursive: true }));

/** Of its input comes nothing where the daemon was killed. */
const running = (isKilled: boolean) => ({
  exec: async ({ argv: [file = '', ...args] }: Program): Promise<ExecSession> => {
    const child = spawn(file, args, { cwd: home, env: { PATH: process.env['PATH'], HOME: home } });
    if (isKilled) child.stdin.end();
    const exited = new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
    const { stdout, stderr } = child;
    const stdin = isKilled ? new PassThrough() : child.stdin;
    return {
      stdin,
      stdout,
      stderr,
      exited,
      kill: () => void child.kill(),
      resize: () => undefined,
      signal: () => undefined,
    };
  },
});

test('keys of which a part came do not replace those that are there', async () => {
  mkdirSync(join(home, '.ssh'));
  const file = join(home, '.ssh', 'authorized_keys');
  writeFileSync(file, 'old\n');
  await assert.rejects(usersOf(running(true)).setSshKeys('root', ['new']));
  assert.equal(readFileSync(file, 'utf8'), 'old\n');
  await usersOf(running(false)).setSshKeys('root', ['new', 'two']);
  assert.equal(readFileSync(file, 'utf8'), 'new\ntwo\n');
  assert.deepEqual(readdirSync(join(home, '.ssh')), ['authorized_keys']);
});
