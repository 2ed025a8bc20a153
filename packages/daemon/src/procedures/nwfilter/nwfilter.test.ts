// libvirt's procedures on network filters over the wire, by our own client: what they do, and their refusals by code and words.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@ctvirt/rpc';
import { libvirtErrorOf, serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

const own =
  "<filter name='own' chain='ipv4'><rule action='drop' direction='out'><tcp dstportstart='25'/></rule></filter>";

test('filters are listed, found, shown in libvirt’s form, defined and forgotten', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const names = async (): Promise<string[]> =>
    (await connection.listAllNwfilters({ needResults: 1, flags: 0 })).map(({ name }) => name);
  const shipped = await names();
  assert.ok(shipped.includes('clean-traffic') && shipped.includes('no-ip-spoofing'));
  assert.equal(await connection.numOfNwfilters(), shipped.length);
  assert.deepEqual(await connection.listNwfilters({ maxnames: 2 }), shipped.slice(0, 2));
  const filter = await connection.nwfilterDefineXml({ xml: own });
  assert.match(
    await filter.getXmlDesc({ flags: 0 }),
    /^<filter name='own' chain='ipv4' priority='-700'>\n {2}<uuid>[0-9a-f-]{36}<\/uuid>\n {2}<rule action='drop' direction='out' priority='500'>/,
  );
  assert.equal((await connection.nwfilterLookupByName({ name: 'own' })).uuid, filter.uuid);
  assert.equal((await connection.nwfilterLookupByUuid({ uuid: filter.uuid })).name, 'own');
  const again = await connection.nwfilterDefineXmlFlags({
    xml: own.replace('<rule', `<uuid>${filter.uuid}</uuid><rule`),
    flags: 1,
  });
  assert.equal(again.uuid, filter.uuid);
  assert.deepEqual(await connection.listAllNwfilterBindings({ needResults: 1, flags: 0 }), []);
  await filter.undefine();
  assert.deepEqual(await names(), shipped);
});

test('refusals have the codes and words of libvirt', async (t) => {
  const connection = await (await serveLibvirtInMemory(t)).connect();
  const refused = async (call: Promise<unknown>): Promise<string> => {
    const { code, message } = await libvirtErrorOf(call);
    return `${code} ${message}`;
  };
  const absent = `${errorCodes.noNwfilter} Network filter not found: no nwfilter with matching`;
  assert.equal(await refused(connection.nwfilterLookupByName({ name: 'none' })), `${absent} name 'none'`);
  const uuid = '00000000-0000-4000-8000-000000000000';
  assert.equal(await refused(connection.nwfilterLookupByUuid({ uuid })), `${absent} uuid '${uuid}'`);
  const filter = await connection.nwfilterDefineXml({ xml: own });
  assert.equal(
    await refused(connection.nwfilterDefineXml({ xml: own })),
    `${errorCodes.operationFailed} operation failed: filter 'own' already exists with uuid ${filter.uuid}`,
  );
  await connection.nwfilterDefineXml({ xml: "<filter name='two'><filterref filter='own'/></filter>" });
  assert.match(
    await refused(filter.undefine()),
    new RegExp(`^${errorCodes.operationInvalid} .*filter 'two' names`),
  );
  assert.match(
    await refused(
      connection.nwfilterDefineXml({ xml: "<filter name='x'><filterref filter='none'/></filter>" }),
    ),
    new RegExp(`^${errorCodes.noNwfilter} `),
  );
  assert.match(
    await refused(connection.nwfilterDefineXml({ xml: '<filter' })),
    new RegExp(`^${errorCodes.xmlDetail} `),
  );
  assert.equal(
    await refused(connection.nwfilterBindingLookupByPortDev({ name: 'vnet0' })),
    `${errorCodes.noNwfilterBinding} Network filter binding not found: no nwfilter binding for port dev 'vnet0'`,
  );
  const shipped = await connection.nwfilterLookupByName({ name: 'clean-traffic' });
  assert.match(await refused(shipped.undefine()), /comes with ctvirt/);
});
