// What programs inside print for the engine: all of it, or nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import type { ExecSession } from '../../contract.js';
import { runInside } from './run-inside.js';

const printing = (bytes: number) => ({
  exec: async (): Promise<ExecSession> => ({
    stdin: new PassThrough(),
    stdout: Readable.from([Buffer.alloc(bytes - 1, 'x'), Buffer.from('y')]),
    stderr: Readable.from([]),
    exited: Promise.resolve(0),
    kill: () => undefined,
    resize: () => undefined,
    signal: () => undefined,
  }),
});

test('of a file that is too long no part is taken for the whole', async () => {
  const [tool, most] = [{ script: 'cat' }, 2 << 20];
  assert.match(await runInside(printing(most), tool), /xy$/);
  await assert.rejects(runInside(printing(most + 1), tool), {
    code: 'host-command',
    message: /more than 2 MiB/,
  });
});
