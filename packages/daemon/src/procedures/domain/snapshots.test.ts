// Snapshots over libvirt's protocol: lists and their filters, documents, and what is refused.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { errorCodes } from '@ctvirt/rpc';
import { parseDocument } from '@ctvirt/xml';
import { libvirtErrorOf, serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

const document = (name: string) => `<domain type='lxc'>
  <name>${name}</name>
  <memory unit='KiB'>262144</memory>
  <os><type>exe</type><init>/sbin/init</init></os>
  <devices><filesystem type='mount'><source dir='/srv/${name}'/><target dir='/'/></filesystem></devices>
</domain>`;

const snapshotXml = (name: string, more = ''): string =>
  `<domainsnapshot><name>${name}</name>${more}</domainsnapshot>`;
const flags = (bits: number) => ({ flags: bits });

async function serve(t: TestContext) {
  const { engine, connect } = await serveLibvirtInMemory(t);
  const connection = await connect();
  const dom = await connection.domainDefineXml({ xml: document('web') });
  const create = (name: string, bits = 0, more = '') =>
    dom.snapshotCreateXml({ xmlDesc: snapshotXml(name, more), flags: bits });
  const codeOf = async (call: Promise<unknown>) => (await libvirtErrorOf(call)).code;
  return { engine, connection, dom, create, codeOf };
}

test('lists are filtered as libvirt filters them', async (t) => {
  const { dom, create, codeOf } = await serve(t);
  const one = await create('one');
  await create('two');
  await one.revertToSnapshot(flags(0));
  await dom.start();
  const three = await create('three', 16 | 64 | 128 | 256 | 512);
  await create('four');
  const names = async (bits: number) => (await dom.snapshotListNames({ maxnames: 9, flags: bits })).join(' ');
  assert.equal(await names(0), 'one two three four');
  assert.equal(await names(1), 'one');
  assert.equal(await names(4), 'two four');
  assert.equal(await names(8), 'one three');
  assert.equal(await names(32), 'one two');
  assert.equal(await names(64), '');
  assert.equal(await names(128), 'three four');
  assert.equal(await names(2 | 256), 'one two three four');
  assert.equal(await names(16), '');
  assert.equal(await names(1024), 'one two three four');
  assert.equal(await codeOf(names(2048)), errorCodes.invalidArg);
  assert.equal(await dom.snapshotNum(flags(4)), 2);
  const listed = await dom.listAllSnapshots({ needResults: 1, flags: 0 });
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['one', 'two', 'three', 'four'],
  );
  const children = async (bits: number) =>
    (await one.listAllChildren({ needResults: 1, flags: bits })).map(({ name }) => name).join(' ');
  assert.equal(await children(0), 'two three');
  assert.equal(await children(1), 'two three four');
  assert.equal(await one.numChildren(flags(0)), 2);
  assert.deepEqual(await one.listChildrenNames({ maxnames: 1, flags: 1 }), ['two']);
  assert.equal((await three.getParent(flags(0))).name, 'one');
  assert.equal(await codeOf(one.getParent(flags(0))), errorCodes.noDomainSnapshot);
  assert.deepEqual([await three.isCurrent(flags(0)), await three.hasMetadata(flags(0))], [0, 1]);
  assert.equal((await dom.snapshotCurrent(flags(0))).name, 'four');
});

test('domains are listed by whether they have some', async (t) => {
  const { connection, create } = await serve(t);
  await connection.domainDefineXml({ xml: document('bare') });
  await create('one');
  const names = async (bits: number) =>
    (await connection.listAllDomains({ needResults: 1, flags: bits })).map(({ name }) => name).join(' ');
  assert.equal(await names(4096), 'web');
  assert.equal(await names(8192), 'bare');
});

test('one that is not there has the code that clients look for', async (t) => {
  const { dom, codeOf, create } = await serve(t);
  assert.equal(await dom.hasCurrentSnapshot(flags(0)), 0);
  assert.equal(await codeOf(dom.snapshotCurrent(flags(0))), errorCodes.noDomainSnapshot);
  assert.equal(await codeOf(dom.snapshotLookupByName({ name: 'no', flags: 0 })), errorCodes.noDomainSnapshot);
  const gone = await create('one');
  await gone.delete(flags(0));
  assert.equal(await codeOf(gone.getXmlDesc(flags(0))), errorCodes.noDomainSnapshot);
  assert.equal(await codeOf(gone.delete(flags(0))), errorCodes.noDomainSnapshot);
});

test('a document says what it is, with the domain as it was, and its description can be edited', async (t) => {
  const { dom, create, codeOf } = await serve(t);
  await create('one');
  const two = await create('two', 0, '<description>before &lt;it&gt;</description>');
  const xml = await two.getXmlDesc(flags(0));
  const { model, findings } = parseDocument('domainsnapshot', xml, { strict: true });
  assert.deepEqual(findings, []);
  assert.equal(model?.description, 'before <it>');
  assert.deepEqual(
    [model?.state, model?.parent?.name, model?.memory],
    ['shutoff', 'one', { snapshot: 'no' }],
  );
  assert.equal(model?.domain?.name, 'web');
  assert.match(xml, /^ {2}<domain type='lxc'>\n {4}<name>web/m);
  const edited = xml.replace('before &lt;it&gt;', 'after');
  const define = (xmlDesc: string, bits: number) => dom.snapshotCreateXml({ xmlDesc, flags: bits });
  await define(edited, 1);
  assert.match(await two.getXmlDesc(flags(0)), /<description>after</);
  await define(edited.replace(/ *<description>.*\n/, ''), 1 | 2);
  assert.doesNotMatch(await two.getXmlDesc(flags(0)), /<description>/);
  assert.equal(await codeOf(define(xml.replace('shutoff', 'running'), 1)), errorCodes.operationInvalid);
  assert.equal(await codeOf(define(snapshotXml('three'), 1)), errorCodes.noDomainSnapshot);
  assert.equal(await codeOf(define(snapshotXml('one'), 1 | 2)), errorCodes.operationUnsupported);
});

test('what a container has no use for is refused', async (t) => {
  const { dom, create, codeOf } = await serve(t);
  const one = await create('one');
  assert.equal(await codeOf(create('one')), errorCodes.operationFailed);
  assert.equal(await codeOf(create('two', 4)), errorCodes.invalidArg);
  assert.equal(await codeOf(create('two', 32)), errorCodes.invalidArg);
  const disks = "<disks><disk name='/' snapshot='internal'/></disks>";
  assert.equal(await codeOf(create('two', 0, disks)), errorCodes.configUnsupported);
  assert.equal(await codeOf(create('two', 0, "<memory snapshot='internal'/>")), errorCodes.configUnsupported);
  assert.equal(
    await codeOf(dom.snapshotCreateXml({ xmlDesc: '<domainsnapshot', flags: 0 })),
    errorCodes.xmlDetail,
  );
  assert.equal(await codeOf(one.delete(flags(2))), errorCodes.argumentUnsupported);
  assert.equal(await codeOf(one.delete(flags(1 | 4))), errorCodes.invalidArg);
  assert.equal(await codeOf(one.revertToSnapshot(flags(1 | 2))), errorCodes.invalidArg);
});

test('one that runs can be halted with it; a revert starts it if it is to', async (t) => {
  const { engine, dom, create } = await serve(t);
  await dom.start();
  const halted = await create('one', 8);
  assert.equal(engine.summary('web').state, 'shutoff');
  assert.match(await halted.getXmlDesc(flags(0)), /<state>disk-snapshot</);
  await halted.revertToSnapshot(flags(1 | 4));
  assert.equal(engine.summary('web').state, 'running');
});

test('a domain that is off is undefined with its snapshots only where that is said', async (t) => {
  const { engine, dom, create } = await serve(t);
  await create('one');
  assert.deepEqual(await libvirtErrorOf(dom.undefineFlags(flags(0))), {
    code: errorCodes.operationInvalid,
    message: 'Requested operation is not valid: cannot delete inactive domain with 1 snapshots',
  });
  assert.equal((await libvirtErrorOf(dom.undefine())).code, errorCodes.operationInvalid);
  await dom.undefineFlags(flags(2));
  assert.equal(engine.find({ name: 'web' }), undefined);
});
