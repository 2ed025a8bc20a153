// Storage pools over the wire, by our own client: folders of the host, the archives, and what is made of templates.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCodes } from '@ctvirt/rpc';
import { engineFolder } from '../../testing/memory-engine.js';
import { libvirtErrorOf, serveLibvirtInMemory } from '../../testing/serve-libvirt.js';

const poolXml = (name: string, path: string): string =>
  `<pool type='dir'><name>${name}</name><target><path>${path}</path></target></pool>`;
const volumeXml = (name: string, more = ''): string =>
  `<volume><name>${name}</name><capacity>0</capacity>${more}</volume>`;

async function opened(t: TestContext) {
  const served = await serveLibvirtInMemory(t);
  const folder = engineFolder();
  t.after(() => rm(folder, { recursive: true }));
  const connection = await served.connect();
  const backups = await connection.storagePoolLookupByName({ name: 'backups' });
  const archives = join(dirname(dirname(served.socket)), 'lib/backups');
  return { served, folder, connection, backups, archives };
}

type Volume = Awaited<ReturnType<Awaited<ReturnType<typeof opened>>['backups']['storageVolLookupByName']>>;

async function bytesOf(volume: Volume, offset = 0n, length = 0n): Promise<string> {
  let text = '';
  for await (const chunk of await volume.download({ offset, length })) text += String(chunk);
  return text;
}

async function upload(volume: Volume, text: string, range = { offset: 0n, length: 0n }): Promise<void> {
  await pipeline([Buffer.from(text)], await volume.upload(range));
}

const codeOf = async (call: Promise<unknown>): Promise<number> => (await libvirtErrorOf(call)).code;

test('a folder is a pool from its definition to its end, and what is in it are volumes', async (t) => {
  const { connection, folder } = await opened(t);
  const path = join(folder, 'isos');
  const pool = await connection.storagePoolDefineXml({ xml: poolXml('isos', `${path}/`) });
  assert.equal(await pool.isActive(), 0);
  assert.equal(await codeOf(pool.create()), errorCodes.systemError, 'its folder is not there');
  // Repair and resize are of other types of pools.
  for (const flags of [1, 2]) assert.equal(await codeOf(pool.build({ flags })), errorCodes.invalidArg);
  for (const flags of [0, 4, 8]) await pool.build({ flags });
  assert.equal((await stat(path)).mode & 0o777, 0o711);
  await pool.create();
  await pool.setAutostart({ autostart: 1 });
  assert.deepEqual([await pool.isActive(), await pool.isPersistent(), await pool.getAutostart()], [1, 1, 1]);
  assert.match(await pool.getXmlDesc(), new RegExp(`<path>${path}</path>`));

  const disk = await pool.storageVolCreateXml({
    xml: volumeXml('disk.img', '<target><permissions><mode>0640</mode></permissions></target>').replace(
      '<capacity>0<',
      "<capacity unit='MiB'>3<",
    ),
  });
  assert.deepEqual(await disk.getInfo(), { type: 0, capacity: 3n << 20n, allocation: 0n });
  assert.equal((await stat(join(path, 'disk.img'))).mode & 0o777, 0o640);
  await upload(disk, 'words', { offset: 10n, length: 5n });
  assert.equal(await bytesOf(disk, 8n, 8n), '\0\0words\0');
  assert.equal((await disk.getInfoFlags({ flags: 1 })).allocation, 3n << 20n, 'its length');
  assert.equal((await disk.getInfoFlags({ flags: 0 })).allocation, 4096n);
  await disk.resize({ capacity: 4096n, flags: 2 });
  assert.equal((await disk.getInfo()).capacity, (3n << 20n) + 4096n);
  assert.equal(await codeOf(disk.resize({ capacity: 1n << 20n })), errorCodes.invalidArg);
  await disk.resize({ capacity: 1n << 20n, flags: 4 });
  assert.equal((await disk.getInfo()).capacity, 1n << 20n);
  assert.equal(await codeOf(disk.resize({ capacity: 1n, flags: 4 })), errorCodes.invalidArg, 'it has words');
  const copy = await pool.storageVolCreateXmlFrom({ xml: volumeXml('copy.img'), clonevol: disk });
  assert.equal(await bytesOf(copy, 10n, 5n), 'words');
  await pool.storageVolCreateXml({ xml: volumeXml('sub', "<target><format type='dir'/></target>") });

  // Links may be a container's, and what is hidden is nobody's yet.
  await symlink('/etc/passwd', join(path, 'link'));
  await writeFile(join(path, '.hidden'), '');
  const names = (await pool.listAllVolumes({ needResults: 1 })).map(({ name }) => name);
  assert.deepEqual(names, ['copy.img', 'disk.img', 'sub']);
  for (const name of ['link', '.hidden', '..', 'a/b', 'ä'.repeat(200)])
    assert.equal(await codeOf(pool.storageVolLookupByName({ name })), errorCodes.noStorageVol, name);
  for (const [xml, code] of [
    [volumeXml('disk.img'), errorCodes.storageVolExist],
    [volumeXml('../x'), errorCodes.invalidArg],
    [volumeXml('.x'), errorCodes.invalidArg],
    [volumeXml('q', "<target><format type='qcow2'/></target>"), errorCodes.operationUnsupported],
  ] as const)
    assert.equal(await codeOf(pool.storageVolCreateXml({ xml })), code, xml);

  assert.equal(await codeOf(pool.undefine()), errorCodes.operationInvalid, 'it is active');
  assert.equal(await codeOf(pool.delete()), errorCodes.operationInvalid, 'it is active');
  for (const volume of await pool.listAllVolumes({ needResults: 1 })) await volume.delete();
  assert.deepEqual(await readdir(path), ['.hidden', 'link']);
  await pool.destroy();
  assert.equal(await codeOf(pool.listAllVolumes({ needResults: 1 })), errorCodes.operationInvalid);
  assert.notEqual(await codeOf(pool.delete()), undefined, 'somebody has files in it');
  await pool.undefine();
  assert.ok(existsSync(path));
  assert.equal(await codeOf(connection.storagePoolLookupByName({ name: 'isos' })), errorCodes.noStoragePool);
});

test('a document that is to be validated has nothing that is not understood', async (t) => {
  const { connection, folder } = await opened(t);
  const odd = (xml: string): string => xml.replace('<name>', '<odd/><name>');
  const xml = odd(poolXml('isos', join(folder, 'isos')));
  assert.equal(await codeOf(connection.storagePoolDefineXml({ xml, flags: 1 })), errorCodes.xmlError);
  await connection.storagePoolDefineXml({ xml });
  const pool = await connection.storagePoolCreateXml({ xml, flags: 1 });
  const volume = odd(volumeXml('disk'));
  assert.equal(await codeOf(pool.storageVolCreateXml({ xml: volume, flags: 4 })), errorCodes.xmlError);
  await pool.storageVolCreateXml({ xml: volume });
});

test('one that is off is started by its document, too, and stays defined', async (t) => {
  const { connection, folder } = await opened(t);
  const xml = poolXml('isos', join(folder, 'isos'));
  const pool = await connection.storagePoolDefineXml({ xml });
  await connection.storagePoolCreateXml({ xml, flags: 1 });
  assert.deepEqual([await pool.isActive(), await pool.isPersistent()], [1, 1]);
  const { code, message } = await libvirtErrorOf(connection.storagePoolCreateXml({ xml }));
  assert.equal(code, errorCodes.operationInvalid);
  assert.match(message, /pool is already active as 'isos'$/);
});

test('volumes are found by their paths, whatever became of the folder of another pool', async (t) => {
  const { connection, folder } = await opened(t);
  const [here, gone] = [join(folder, 'here'), join(folder, 'gone')];
  for (const path of [gone, here])
    await connection.storagePoolCreateXml({ xml: poolXml(basename(path), path), flags: 1 });
  await rm(gone, { recursive: true });
  await writeFile(join(here, 'disk.img'), '');
  const disk = await connection.storageVolLookupByPath({ path: join(here, 'disk.img') });
  assert.equal(await disk.getPath(), join(here, 'disk.img'));
  const lost = connection.storageVolLookupByPath({ path: join(gone, 'disk.img') });
  assert.equal(await codeOf(lost), errorCodes.noStorageVol);
});

test('one of many volumes is found without a look at the others', async (t) => {
  const { connection, folder, served } = await opened(t);
  const path = join(folder, 'many');
  const pool = await connection.storagePoolCreateXml({ xml: poolXml('many', path), flags: 1 });
  for (const name of ['one', 'other']) await writeFile(join(path, name), '');
  t.mock.method(served.engine.pools, 'volumes', () => assert.fail('all are looked at'));
  const disk = await pool.storageVolLookupByName({ name: 'other' });
  assert.equal((await disk.getInfo()).capacity, 0n);
  await disk.resize({ capacity: 1n });
  await disk.delete();
});

test('what no pool can be is refused', async (t) => {
  const { connection, folder, archives } = await opened(t);
  const define = (xml: string) => connection.storagePoolDefineXml({ xml });
  await mkdir(join(folder, 'one'));
  await define(poolXml('one', join(folder, 'one')));
  const { operationFailed, operationDenied, invalidArg, noSupport, xmlError } = errorCodes;
  for (const [xml, code] of [
    [poolXml('two', join(folder, 'one')), operationFailed],
    [poolXml('one', join(folder, 'two')), operationFailed],
    [poolXml('two', archives), operationFailed],
    [poolXml('two', dirname(archives)), operationDenied],
    [poolXml('two', '/proc/1'), operationDenied],
    [poolXml('two', 'relative'), invalidArg],
    [poolXml('a/b', folder), invalidArg],
    ["<pool type='dir'><name>two</name></pool>", xmlError],
    ["<pool type='logical'><name>vg</name><source><name>vg</name></source></pool>", noSupport],
  ] as const)
    assert.equal(await codeOf(define(xml)), code, xml);
  assert.equal((await define(poolXml('one', join(folder, 'one')))).name, 'one');
});

test('a transient pool goes when it is stopped', async (t) => {
  const { connection, folder } = await opened(t);
  const pool = await connection.storagePoolCreateXml({ xml: poolXml('now', folder) });
  assert.deepEqual([await pool.isActive(), await pool.isPersistent()], [1, 0]);
  assert.equal(await codeOf(pool.setAutostart({ autostart: 1 })), errorCodes.operationInvalid);
  await pool.destroy();
  assert.equal(await codeOf(connection.storagePoolLookupByName({ name: 'now' })), errorCodes.noStoragePool);
});

test('an archive is uploaded whole, or not at all', async (t) => {
  const { backups, archives } = await opened(t);
  const volume = await backups.storageVolCreateXml({
    xml: volumeXml('web.ctvirt.tar.zst').replace('<capacity>0<', '<capacity>5000<'),
  });
  const path = join(archives, 'web.ctvirt.tar.zst');
  assert.equal(await readFile(path, 'utf8'), '');
  await upload(volume, 'an archive');
  assert.equal(await bytesOf(volume), 'an archive');

  const stream = await volume.upload({ offset: 0n, length: 0n });
  stream.on('error', () => undefined).write('half of');
  assert.equal(await codeOf(volume.delete()), errorCodes.operationInvalid, 'it is being written');
  const another = await volume.upload({ offset: 0n, length: 0n });
  await assert.rejects(pipeline([Buffer.from('x')], another), /is being written just now/);
  stream.destroy();
  while ((await readdir(archives)).length > 1) await delay(5);
  await assert.rejects(upload(volume, 'too long', { offset: 0n, length: 4n }), /more than the 4 bytes/);
  await assert.rejects(upload(volume, 'x', { offset: 4n, length: 0n }), /from its beginning/);
  assert.equal(await bytesOf(volume), 'an archive');
  assert.deepEqual(await readdir(archives), ['web.ctvirt.tar.zst']);
  await volume.delete();
  assert.deepEqual(await readdir(archives), []);
});

test('the archives are always there', async (t) => {
  const { backups } = await opened(t);
  const { operationInvalid, operationUnsupported } = errorCodes;
  assert.equal(await codeOf(backups.destroy()), operationUnsupported);
  assert.equal(await codeOf(backups.setAutostart({ autostart: 0 })), operationUnsupported);
  for (const call of [backups.undefine(), backups.delete(), backups.create(), backups.build()])
    assert.equal(await codeOf(call), operationInvalid);
  const folder = volumeXml('sub', "<target><format type='dir'/></target>");
  assert.notEqual(await codeOf(backups.storageVolCreateXml({ xml: folder })), undefined);
});

test('a copy of a template is one of its own; files of domains are copied by ctvirt clone', async (t) => {
  const { served, connection, backups } = await opened(t);
  await served.engine.templates.buildBusybox('busybox');
  const root = "<filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem>";
  await connection.domainDefineXml({
    xml: `<domain type='lxc'><name>web</name><os><type>exe</type></os><devices>${root}</devices></domain>`,
  });
  const templates = await connection.storagePoolLookupByName({ name: 'default' });
  const busybox = await templates.storageVolLookupByName({ name: 'busybox' });
  // As virsh vol-clone sends it: what it was shown, under another name.
  const xml = (await busybox.getXmlDesc()).replace('<name>busybox', '<name>mine');
  const mine = await templates.storageVolCreateXmlFrom({ xml, clonevol: busybox });
  const [one, other] = [
    await served.engine.templates.get('busybox'),
    await served.engine.templates.get('mine'),
  ];
  assert.deepEqual({ ...other, name: '', importedAt: '' }, { ...one, name: '', importedAt: '', usedBy: [] });
  assert.ok(existsSync(join(await mine.getPath(), 'rootfs/bin/busybox')));
  await mine.delete();

  const layers = await connection.storagePoolLookupByName({ name: 'roots' });
  const layer = await layers.storageVolLookupByName({ name: 'web.root' });
  const refused = await libvirtErrorOf(layers.storageVolCreateXmlFrom({ xml, clonevol: layer }));
  assert.match(refused.message, /`ctvirt clone web NAME`/);
  // Its archive comes to lie in the folder, and nowhere else.
  for (const name of ['../x', '.x', 'sub/x'])
    assert.equal(
      await codeOf(backups.storageVolCreateXmlFrom({ xml: volumeXml(name), clonevol: layer })),
      errorCodes.invalidArg,
      name,
    );
  assert.equal(refused.code, errorCodes.operationUnsupported);
  for (const pool of [templates, layers]) {
    const { message } = await libvirtErrorOf(pool.storageVolCreateXml({ xml: volumeXml('new') }));
    assert.match(message, /ctvirt (template import|create)`/);
  }
  const { message } = await libvirtErrorOf(layer.upload({ offset: 0n, length: 0n }));
  assert.match(message, /upload an archive to pool 'backups'/);
});

test('a folder is built with the permissions that its document says, and shown with those it has', async (t) => {
  const { connection, folder } = await opened(t);
  const path = join(folder, 'open');
  const said = '<permissions><mode>0750</mode><owner>0</owner><group>4</group></permissions></target>';
  const pool = await connection.storagePoolDefineXml({
    xml: poolXml('open', path).replace('</target>', said),
  });
  await pool.build();
  const { mode, gid } = await stat(path);
  assert.deepEqual([mode & 0o777, gid], [0o750, 4]);
  await chmod(path, 0o700);
  await pool.create();
  assert.match(await pool.getXmlDesc(), /<mode>0700<\/mode>\s*<owner>0<\/owner>\s*<group>4</);
  await rm(path, { recursive: true });
  assert.doesNotMatch(await pool.getXmlDesc(), /<permissions>/);
  assert.equal((await pool.getInfo()).capacity, 0n);
  assert.equal(await codeOf(pool.refresh()), errorCodes.systemError);
});
