// What others' archives say, and which of their members are a container's.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../errors.js';
import { TemplateError } from '../templates/archive/errors.js';
import { LayerInspector, layerBlocks } from '../templates/archive/layer-inspect.js';
import { DOMAIN_LIMITS } from '../templates/archive/limits.js';
import { archive, file, folder, hardlink, paxEntry, symlink } from '../testing/hostile-archive.js';
import { asLayer, type ForeignArchive, readForeign } from './foreign.js';
import { ArchiveReader } from './read.js';

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

const options = { name: 'unnamed', template: 'empty', pageSize: 4096, cpus: 2 };

interface Found {
  readonly foreign: ForeignArchive;
  readonly names: readonly string[];
  readonly remarks: readonly string[];
  readonly bytes: Buffer;
}

/** As an import reads it: again from its beginning where it has to be. */
async function readAll(bytes: Buffer): Promise<Found> {
  let reader = await ArchiveReader.open(once(bytes), DOMAIN_LIMITS, undefined);
  try {
    const foreign = await readForeign(reader.members(), await reader.begins());
    if (foreign.isLate) {
      await reader.close();
      reader = await ArchiveReader.open(once(bytes), DOMAIN_LIMITS, undefined);
    }
    const remarks: string[] = [];
    const tell = (remark: string): void => void remarks.push(remark);
    const pieces: Buffer[] = [];
    const names: string[] = [];
    const seen = async function* () {
      for await (const entry of asLayer(foreign.root(reader.members(), tell), tell)) {
        if (entry.member !== undefined) names.push(entry.parts.join('/'));
        yield entry;
      }
    };
    for await (const piece of layerBlocks(seen(), new LayerInspector(DOMAIN_LIMITS))) pieces.push(piece);
    return { foreign, names, remarks, bytes: Buffer.concat(pieces) };
  } finally {
    await reader.close();
  }
}

const pct = file('./etc/vzdump/pct.conf', 'hostname: web\nmemory: 512\n');
const vps = file('./etc/vzdump/vps.conf', 'HOSTNAME="web"\nONBOOT="yes"\n');
const root = [folder('./'), folder('./etc/'), file('./etc/page', 'text'), hardlink('./again', './etc/page')];
const index = (more = '') =>
  file('backup/index.yaml', `name: web\n${more}type: container\nconfig:\n  container:\n    name: web\n`);

test("vzdump's archives, wherever they have the configuration", async () => {
  const early = await readAll(archive(pct, file('./etc/vzdump/pct.fw', '[OPTIONS]\n'), ...root));
  assert.deepEqual([early.foreign.by, early.foreign.isLate], ['Proxmox VE', false]);
  assert.equal(early.foreign.read(options).domain.name, 'web');
  assert.deepEqual(early.names, ['', 'etc', 'etc/page', 'again']);
  assert.match(early.remarks.join('\n'), /etc\/vzdump\/pct\.fw.* is left out/);
  const late = await readAll(
    archive(
      ...root,
      folder('./etc/vzdump/'),
      vps,
      file('./etc/vzdump/vps.mount', '#!/bin/sh\n'),
      file('./z'),
    ),
  );
  assert.deepEqual([late.foreign.by, late.foreign.isLate], ['OpenVZ', true]);
  assert.deepEqual(late.names, ['', 'etc', 'etc/page', 'again', 'z']);
  assert.match(late.remarks.join('\n'), /vps\.mount.* is left out/);
});

test('exports of Incus, and which are none that can be read', async () => {
  const found = await readAll(
    archive(
      index('snapshots:\n- one\n'),
      folder('backup/snapshots/one/rootfs/'),
      file('backup/snapshots/one/rootfs/old'),
      file('backup/container/backup.yaml', 'container: {}\n'),
      file('backup/container/templates/hostname.tpl'),
      folder('backup/container/rootfs/'),
      file('backup/container/rootfs/page', 'text'),
      hardlink('backup/container/rootfs/again', 'backup/container/rootfs/page'),
    ),
  );
  assert.deepEqual(found.names, ['', 'page', 'again']);
  assert.match(found.remarks.join('\n'), /1 templates of files/);
  assert.match(JSON.stringify(found.foreign.read(options).report), /snapshot one/);
  const beside = 'container:\n  name: web\n  config:\n    limits.memory: 1GiB\n';
  const older = await readAll(
    archive(
      file('backup/index.yaml', 'name: web\nbackend: dir\n'),
      file('backup/container/backup.yaml', beside),
      file('backup/container/rootfs/page'),
    ),
  );
  assert.equal(older.foreign.read(options).domain.memtune?.hardLimitKiB, 1024 ** 2);
  const isUnsupported = (error: unknown): boolean =>
    error instanceof EngineError && error.code === 'unsupported';
  await assert.rejects(readAll(archive(index('optimized: true\n'))), isUnsupported);
  await assert.rejects(
    readAll(archive(file('backup/index.yaml', 'name: web\ntype: virtual-machine\n'))),
    isUnsupported,
  );
});

test('what no layer of ours has is left out and told, and lists are kept in the words of others', async () => {
  const acl = 'user::rw-\nuser:1000:r-x\t#effective:r--\ngroup:adm:r-x\ngroup::r--\nmask::r--\nother::---\n';
  const kernels = Buffer.alloc(4 + 3 * 8);
  kernels.writeUInt32LE(2, 0);
  for (const [at, tag] of [0x01, 0x04, 0x20].entries()) kernels.writeUInt16LE(tag, 4 + 8 * at);
  const found = await readAll(
    archive(
      pct,
      { name: './dev/sda', type: '4', major: '0000010\0' },
      { name: './var/gone', type: '3' },
      paxEntry({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }),
      folder('./var/over/'),
      paxEntry({ 'SCHILY.acl.access': acl }),
      file('./listed'),
      paxEntry({ 'SCHILY.acl.access': 'user::rw-,user:jane:rwx,group::r--,other::r--' }),
      file('./named'),
      paxEntry({ 'SCHILY.acl.default': kernels }),
      folder('./kernels/'),
    ),
  );
  assert.deepEqual(found.names, ['var/over', 'listed', 'named', 'kernels']);
  assert.match(found.remarks.join('\n'), /2 device files are left out|1 device files are left out/);
  assert.match(found.remarks.join('\n'), /2 marks of overlays/);
  const text = found.bytes.toString('latin1');
  assert.ok(!text.includes('overlay.opaque'));
  assert.equal(text.split('system.posix_acl_access=').length, 2);
  const list = found.bytes.subarray(
    text.indexOf('system.posix_acl_access=') + 'system.posix_acl_access='.length,
  );
  assert.equal(
    list.subarray(0, 52).toString('hex'),
    [
      '02000000',
      '01000600ffffffff',
      '02000500e8030000',
      '04000400ffffffff',
      '0800050004000000',
      '10000400ffffffff',
      '20000000ffffffff',
    ].join(''),
  );
  assert.ok(text.includes('system.posix_acl_default='));
});

for (const [what, ...members] of [
  ['a name that climbs', pct, file('../evil')],
  ['a file behind a link', pct, symlink('./a', '/etc'), file('./a/b')],
  ['a device', pct, { name: './srv/sda', type: '4', major: '0000010\0' }],
  ['a name twice', pct, file('./a'), file('./a')],
  ['a hard link out of the root', index(), hardlink('backup/container/rootfs/a', 'backup/index.yaml')],
  ['a member beside the root', index(), file('etc/passwd')],
  ['ids of a host', pct, { name: './a', uid: '3641100\0' }],
  ['a configuration that is none', file('backup/index.yaml', 'a: &b\n')],
  ['no configuration', ...root],
  ['nothing of a container', file('backup/index.yaml', 'name: web\n'), file('backup/container/rootfs/a')],
] as const)
  test(`refused: ${what}`, async () => {
    await assert.rejects(readAll(archive(...members)), (error) => {
      assert.ok(
        (error instanceof TemplateError || error instanceof EngineError) && error.code === 'invalid',
        String(error),
      );
      return true;
    });
  });
