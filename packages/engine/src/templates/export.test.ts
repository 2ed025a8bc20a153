// Writes templates as images, and reads them again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { archive, file, hardlink, paxEntry, symlink } from '../testing/hostile-archive.js';
import { layoutOf, tarOf } from '../testing/oci-image.js';
import { TemplateStore } from './store.js';

const run = promisify(execFile);
let dir = '';
let storeDir = '';
let store: TemplateStore;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-export-'));
  storeDir = join(dir, 'templates');
  store = new TemplateStore({ dir: storeDir });
  await store.recover();
});
after(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** The kernel's number of it. */
const SETXATTR = process.arch === 'arm64' ? 5 : 188;

const config = {
  Entrypoint: ['/bin/sh', '-c', 'x'],
  Env: ['A=b c'],
  User: '33:34',
  WorkingDir: '/srv',
  Volumes: { '/data': {} },
  ExposedPorts: { '80/tcp': {} },
  StopSignal: 'SIGQUIT',
};
const capability = paxEntry({
  'SCHILY.xattr.security.capability': Buffer.from('0100000200200000000000000000000000000000', 'hex'),
});
const layer = archive(
  { ...file('bin/sh', 'shell'), mode: '0004755\0', uid: '0000041\0' },
  hardlink('bin/x', 'bin/sh'),
  symlink('etc/l', '/bin/sh'),
  capability,
  file('bin/ping', 'ping'),
);

async function describe(root: string): Promise<string> {
  const format = '%P %y %m %U %G %l %n %s\n';
  const { stdout } = await run('find', [root, '-printf', format]);
  const capable = await run('getcap', ['-r', root]);
  return stdout.split('\n').sort().join('\n') + capable.stdout.replaceAll(root, '');
}

test('what was exported is imported as it was, by itself and without its index', async () => {
  await store.import('one', Readable.from([tarOf(layoutOf({ layers: [layer], config }))]));
  const target = join(dir, 'one.tar');
  const written = await store.export('one', target);
  assert.equal(written.sizeBytes, (await stat(target)).size);
  assert.equal((await stat(target)).mode & 0o777, 0o600);
  await store.import('two', target);
  assert.deepEqual((await store.get('two')).image, (await store.get('one')).image);
  assert.equal(await describe(store.rootfs('two')), await describe(store.rootfs('one')));
  // As docker load reads it.
  await run('tar', ['--delete', '-f', target, './index.json', './oci-layout']);
  await store.import('three', target);
  assert.equal(await describe(store.rootfs('three')), await describe(store.rootfs('one')));
  const again = await store.export('two', join(dir, 'again.tar'));
  assert.equal(typeof again.digest, 'string');
  assert.deepEqual((await readdir(storeDir)).sort(), ['one', 'three', 'two']);
});

test('as LXC has it, it is a root beside its description, which is imported as it was', async () => {
  const root = store.rootfs('one');
  await writeFile(join(root, 'etc/.dot'), 'dot');
  await run('truncate', ['-s', '8M', join(root, 'etc/hole')]);
  const target = join(dir, 'one.tar.gz');
  const written = await store.export('one', target, { format: 'lxc' });
  const { size, mode } = await stat(target);
  assert.deepEqual([written.sizeBytes, mode & 0o777, size < 100_000], [size, 0o600, true]);
  const sum = await run('sha256sum', [target]);
  assert.equal(written.digest, `sha256:${sum.stdout.slice(0, 64)}`);
  const { stdout: names } = await run('tar', ['-tzf', target]);
  assert.deepEqual(
    names.split('\n').filter((name) => !name.startsWith('rootfs/')),
    ['./metadata.yaml', ''],
  );
  const { stdout: said } = await run('tar', ['-xzOf', target, './metadata.yaml']);
  assert.match(said, /^architecture: ".+"\ncreation_date: \d+\nproperties:\n( {2}\w+: ".+"\n)+$/);
  // As who else unpacks it finds it: links, holes and owners as they were.
  const unpacked = join(dir, 'unpacked');
  await mkdir(unpacked);
  await run('tar', ['-C', unpacked, '--numeric-owner', '--xattrs', '--xattrs-include=*', '-xpzf', target]);
  assert.equal(await describe(join(unpacked, 'rootfs')), await describe(root));
  assert.equal((await stat(join(unpacked, 'rootfs/etc/hole'))).blocks, 0);
  await store.import('lxc', target);
  assert.equal(await describe(store.rootfs('lxc')), await describe(root));
  await store.remove('lxc');
});

test("what a program has noted at a file is written, but for what is overlay's", async (t) => {
  const root = store.rootfs('one');
  const note = (path: string, name: string) =>
    run('perl', ['-e', `exit !!syscall ${SETXATTR}, @ARGV, 1, 0`, join(root, path), name, '1']);
  const isKept = await note('etc/.dot', 'user.note').then(
    () => true,
    () => false,
  );
  if (!isKept) return t.skip('the file system of temporary folders keeps no notes');
  await note('etc', 'user.overlay.opaque');
  for (const format of ['oci', 'lxc'] as const) {
    const target = join(dir, `noted.${format}`);
    await store.export('one', target, { format });
    await store.import('noted', target);
    const { notes } = await store.get('noted');
    assert.match(notes.join(), /^1 extended attributes and access lists were left out/);
    await store.remove('noted');
    await rm(target);
  }
});

test('a file that is there stays, and of an export that fails nothing is left', async () => {
  const target = join(dir, 'there.tar');
  await writeFile(target, 'mine');
  await assert.rejects(store.export('one', target), { code: 'exists' });
  assert.equal(await readFile(target, 'utf8'), 'mine');
  await assert.rejects(store.export('one', join(dir, 'no/such.tar')), { code: 'not-found' });
  await assert.rejects(store.export('one', 'relative.tar'), { code: 'invalid' });
  await assert.rejects(store.export('none', join(dir, 'x.tar')), { code: 'not-found' });
  const cancel = new AbortController();
  cancel.abort();
  await assert.rejects(store.export('one', join(dir, 'x.tar'), { signal: cancel.signal }), {
    code: 'cancelled',
  });
  assert.deepEqual((await readdir(storeDir)).sort(), ['one', 'three', 'two']);
  assert.deepEqual((await readdir(dir)).sort(), [
    'again.tar',
    'one.tar',
    'one.tar.gz',
    'templates',
    'there.tar',
    'unpacked',
  ]);
});
