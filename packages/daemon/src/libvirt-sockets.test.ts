// The sockets of libvirt's protocol: closed to others, and on the network only where the settings say so.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { EngineError } from '@ctvirt/engine';
import { connect } from '@ctvirt/rpc';
import { serveLibvirtInMemory } from './testing/serve-libvirt.js';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('by default two unix sockets for their owner alone', async (t) => {
  const served = await serveLibvirtInMemory(t);
  assert.deepEqual(served.places, [served.socket, served.readOnlySocket]);
  assert.deepEqual([modeOf(served.socket), modeOf(served.readOnlySocket)], ['600', '600']);
});

test('owner, group and permissions are as set', async (t) => {
  const { uid, gid } = statSync('.');
  const served = await serveLibvirtInMemory(
    t,
    `unix_sock_rw_perms = "0660"\nunix_sock_ro_perms = "0666"\nunix_sock_owner = "${uid}"\nunix_sock_group = "${gid}"`,
  );
  assert.deepEqual([modeOf(served.socket), modeOf(served.readOnlySocket)], ['660', '666']);
  assert.equal(statSync(served.socket).gid, gid);
});

test('plain TCP is refused unless it is said that nobody is asked who he is', async (t) => {
  const base = 'listen_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = 0\n';
  await assert.rejects(
    serveLibvirtInMemory(t, base),
    (error) => error instanceof EngineError && error.code === 'invalid',
  );
  const served = await serveLibvirtInMemory(t, `${base}auth_tcp = "none"\n`);
  const [, , place = ''] = served.places;
  const connection = await connect(`ctvirt+tcp://${place}/system`);
  assert.equal(await connection.isSecure(), 0);
  assert.equal(await connection.getType(), 'ctvirt');
  await connection.close();
});

test('TLS without its files is refused, not served without', async (t) => {
  await assert.rejects(
    serveLibvirtInMemory(
      t,
      'listen_tls = 1\nlisten_addr = "127.0.0.1"\ntls_port = 0\nkey_file = "/nonexistent"',
    ),
    (error) => error instanceof EngineError && error.code === 'invalid',
  );
});
