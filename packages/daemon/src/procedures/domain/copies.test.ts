// What clients that clone define, and what of it is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@ctvirt/rpc';
import { libvirtErrorOf, serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

test('a copy of a document is refused where it would be an empty domain', async (t) => {
  const { engine, connect } = await serveLibvirtInMemory(t);
  const connection = await connect();
  await engine.templates.buildBusybox('small');
  const link =
    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>";
  const xml = `<domain type='lxc'>
  <name>shop</name>
  <memory unit='KiB'>262144</memory>
  <os><type>exe</type><init>/sbin/init</init></os>
  <devices><filesystem type='template'><source name='small'/><target dir='/'/></filesystem>${link}</devices>
</domain>`;
  const shop = await connection.domainDefineXml({ xml });
  const shown = await shop.getXmlDesc({ flags: 0 });
  const copy = shown
    .replace('<name>shop', '<name>copy')
    .replace(/<uuid>.*<\/uuid>/, '<uuid>0f7ab6ee-6a3b-4b8c-9a55-30b1b1e1c0de</uuid>')
    .replace('52:54:00:00:00:01', '52:54:00:00:00:02');
  const { code, message } = await libvirtErrorOf(connection.domainDefineXml({ xml: copy }));
  assert.equal(code, errorCodes.operationUnsupported);
  assert.match(message, /ctvirt clone shop copy/);
  await connection.domainDefineXml({ xml: shown.replace('262144', '300000') });
  await connection.domainDefineXml({ xml: copy });
});
