// Writes templates as images, and reads them again.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

const config = {
  Entrypoint: ['/bin/sh', '-c', 'x'],
  Env: ['A=b c'],
  User: '33:34',
  WorkingDir: '/srv',
  Volumes: { '/data': {} },
  ExposedPorts: { '80/tcp': {} },
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

async function describe(name: string): Promise<string> {
  const root = store.rootfs(name);
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
  assert.equal(await describe('two'), await describe('one'));
  // As docker load reads it.
  await run('tar', ['--delete', '-f', target, './index.json', './oci-layout']);
  await store.import('three', target);
  assert.equal(await describe('three'), await describe('one'));
  const again = await store.export('two', join(dir, 'again.tar'));
  assert.equal(typeof again.digest, 'string');
  assert.deepEqual((await readdir(storeDir)).sort(), ['one', 'three', 'two']);
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
  assert.deepEqual((await readdir(dir)).sort(), ['again.tar', 'one.tar', 'templates', 'there.tar']);
});
