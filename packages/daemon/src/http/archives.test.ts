// Who may have what of a domain's archive.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '@ctvirt/api';
import type { ExecSession } from '@ctvirt/engine';
import { memoryEngine } from '../testing/memory-engine.js';
import { bindArchives } from './archives.js';
import type { Caller } from './stream.js';

test('folders of the host are read for root and for an admin, and for nobody else', async (t) => {
  const engine = await memoryEngine(t);
  const session = {} as ExecSession;
  engine.archives.stream = async () => session;
  const stream = (role: Role | undefined, withMounts: boolean): Promise<ExecSession> =>
    bindArchives(engine).stream(
      {
        ...{ params: { domain: 'web' }, query: {}, body: undefined, tags: undefined },
        caller: { session: role && { id: 'a', role } } as Caller,
      },
      { withMounts },
      async (_file, use) => await use(),
    );
  assert.equal(await stream('operator', false), session);
  assert.equal(await stream('admin', true), session);
  assert.equal(await stream(undefined, true), session);
  await assert.rejects(stream('operator', true), { code: 'denied' });
});
