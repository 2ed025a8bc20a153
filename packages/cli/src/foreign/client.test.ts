// ctvirt on a libvirt's URI: what it asks, what it cannot reach and what only ctvirtd has.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { libvirtError, listenUnix, RpcServer } from '@ctvirt/rpc';
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

/** The URI of a server that answers so. */
async function libvirtOf(
  t: TestContext,
  handlers: NonNullable<ConstructorParameters<typeof RpcServer>[0]['handlers']>,
): Promise<string> {
  const server = new RpcServer({ open: () => ({}), handlers });
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-foreign-'));
  const path = join(folder, 'socket');
  const listener = await listenUnix(server, { path });
  t.after(async () => {
    server.close();
    await listener.close();
    rmSync(folder, { recursive: true });
  });
  return `qemu+unix:///system?socket=${path}`;
}

test('a list asks for the driver once, however many domains there are', async (t) => {
  const domains = [1, 2, 3].map((id) => ({
    id,
    name: `ct${id}`,
    uuid: `00000000-0000-4000-8000-00000000000${id}`,
  }));
  let asked = 0;
  const uri = await libvirtOf(t, {
    connectGetType: () => {
      asked++;
      return { type: 'QEMU' };
    },
    connectListAllDomains: () => ({ domains, ret: domains.length }),
    domainGetXmlDesc: () => ({ xml: '<domain/>' }),
    domainGetState: () => ({ state: 1, reason: 1 }),
    domainGetAutostart: () => ({ autostart: 0 }),
    domainIsPersistent: () => ({ persistent: 1 }),
  });
  const { status, out } = await invoke(['-c', uri, 'list', '--json']);
  assert.equal(status, 0);
  const types = JSON.parse(out).map(({ type }: { type: string }) => type);
  assert.deepEqual(types, ['qemu', 'qemu', 'qemu']);
  assert.equal(asked, 1);
});

test('a domain that a libvirt does not have is told as such, also where ours would keep its files', async (t) => {
  const uri = await libvirtOf(t, {
    domainLookupByName: () => {
      throw libvirtError('noDomain', 'domain', "no domain 'absent'");
    },
  });
  const { status, err } = await invoke(['-c', uri, 'undefine', 'absent']);
  assert.deepEqual([status, err], [3, "error: no domain 'absent'\n"]);
});
