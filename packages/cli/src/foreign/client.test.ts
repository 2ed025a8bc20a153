// ctvirt on a libvirt's URI: what it asks, what it cannot reach and what only ctvirtd has.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { listenUnix, RpcServer } from '@ctvirt/rpc';
import { invoke } from '../testing/harness.js';

test('a libvirt that does not answer is told as such, with its URI', async () => {
  const { status, err } = await invoke(['-c', 'qemu+unix:///system?socket=/nonexistent/socket', 'list']);
  assert.equal(status, 15);
  assert.match(err, /socket=\/nonexistent\/socket/);
});

test('a URI that is none is refused before anything connects', async () => {
  assert.notEqual((await invoke(['-c', 'no uri', 'list'])).status, 0);
});

test('what only ctvirtd has is refused as unsupported', async () => {
  const { status } = await invoke([
    '--connect',
    'test+unix:///default?socket=/nonexistent',
    'template',
    'list',
  ]);
  assert.equal(status, 9);
});

test('a list asks for the driver once, however many domains there are', async (t) => {
  const domains = [1, 2, 3].map((id) => ({
    id,
    name: `ct${id}`,
    uuid: `00000000-0000-4000-8000-00000000000${id}`,
  }));
  let asked = 0;
  const server = new RpcServer({
    open: () => ({}),
    handlers: {
      connectGetType: () => {
        asked++;
        return { type: 'QEMU' };
      },
      connectListAllDomains: () => ({ domains, ret: domains.length }),
      domainGetXmlDesc: () => ({ xml: '<domain/>' }),
      domainGetState: () => ({ state: 1, reason: 1 }),
      domainGetAutostart: () => ({ autostart: 0 }),
      domainIsPersistent: () => ({ persistent: 1 }),
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-foreign-'));
  const path = join(folder, 'socket');
  const listener = await listenUnix(server, { path });
  t.after(async () => {
    server.close();
    await listener.close();
    rmSync(folder, { recursive: true });
  });
  const { status, out } = await invoke(['-c', `qemu+unix:///system?socket=${path}`, 'list', '--json']);
  assert.equal(status, 0);
  const types = JSON.parse(out).map(({ type }: { type: string }) => type);
  assert.deepEqual(types, ['qemu', 'qemu', 'qemu']);
  assert.equal(asked, 1);
});
