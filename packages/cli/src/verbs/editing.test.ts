// What becomes of an edited text where the daemon goes amid it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ApiError } from '@ctvirt/api';
import { Context } from '../context.js';
import { editDefinition } from './editing.js';

test('a text that is to be put on top of what cannot be read any more is kept', async () => {
  const stderr = new PassThrough();
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const io = {
    ...{ stdin, stdout: new PassThrough(), stderr },
    env: { EDITOR: 'sh -c \'echo mine > "$0"\'' },
    signal: new AbortController().signal,
  };
  const context = new Context(io, {
    ...{ json: false, quiet: false, progressLines: false },
    endpoint: { socketPath: '/nonexistent' },
  });
  stdin.write('y\n');
  let reads = 0;
  const edited = editDefinition(context, {
    ...{ noun: 'domain', name: 'web' },
    read: async () => {
      if (reads++ > 0) throw new ApiError('unreachable', 'the daemon went');
      return { text: 'theirs\n' };
    },
    define: async (): Promise<{ findings: [] }> => {
      throw new ApiError('changed', 'by somebody else');
    },
    result: () => ({ data: {}, when: '' }),
  });
  await assert.rejects(edited, { code: 'unreachable' });
  const file = /your text is kept in (\S+)/.exec(String(stderr.read()))?.[1] ?? '';
  assert.equal(readFileSync(file, 'utf8'), 'mine\n');
  rmSync(dirname(file), { recursive: true });
});
