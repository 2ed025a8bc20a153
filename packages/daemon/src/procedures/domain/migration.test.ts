// Moves that a client leads: begun, given up, and begun again over the same connection.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

/** Persistent, and undefined at the source. */
const flags = 8 | 16;

test('a connection may give up as many moves as it likes, and nothing of them stays', async (t) => {
  const { engine, connect } = await serveLibvirtInMemory(t);
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const connection = await connect();
  await engine.templates.buildBusybox('small');
  const web = await connection.domainDefineXml({
    xml: `<domain type='lxc'><name>web</name><os><type>exe</type></os><devices>
      <filesystem type='template'><source name='small'/><target dir='/'/></filesystem></devices></domain>`,
  });
  for (let at = 0; at < 12; at++) {
    const { xml } = await web.migrateBegin3Params({ params: [], flags });
    assert.match(xml, /<name>web</);
    await web.migrateConfirm3Params({ params: [], cookieIn: Buffer.alloc(0), flags, cancelled: 1 });
    while (engine.jobs.get('web') !== undefined) await sleep(5);
  }
  assert.deepEqual(warnings, []);
});
