// Imports images layer by layer, sound and hostile ones, and looks at what lies on disk then.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { archive, file, folder, hardlink, type RawEntry, symlink } from '../testing/hostile-archive.js';
import {
  digestOf,
  dockerArchiveOf,
  type Files,
  type ImageParts,
  layoutOf,
  tarOf,
  writeFiles,
} from '../testing/oci-image.js';
import { type RefusalReason, TemplateError } from './archive/errors.js';
import type { ImportLimits } from './archive/limits.js';
import { TemplateStore } from './store.js';

const run = promisify(execFile);

let dir = '';
let storeDir = '';
let store: TemplateStore;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ctvirt-image-'));
  storeDir = join(dir, 'templates');
  store = new TemplateStore({ dir: storeDir });
  await store.recover();
});

after(async () => {
  await rm(dir, { recursive: true, force: true });
});

const bytes = (buffer: Buffer): Readable => Readable.from([buffer]);

/** Imports it, shows its files as `path=contents`, and removes it again. */
async function treeOf(source: Readable | string): Promise<string[]> {
  await store.import('tree', source);
  const root = store.rootfs('tree');
  try {
    const { stdout } = await run('find', [root, '-mindepth', '1', '-printf', '%P\\t%y\\n']);
    const lines = stdout.trim().split('\n').sort();
    const shown = lines.map(async (line) => {
      const [path = '', kind] = line.split('\t');
      if (kind === 'f') return `${path}=${await readFile(join(root, path), 'utf8')}`;
      if (kind === 'l') return `${path}->${await readlink(join(root, path))}`;
      return `${path}/`;
    });
    return (await Promise.all(shown)).filter((line) => !['dev/', 'proc/', 'sys/'].includes(line));
  } finally {
    await store.remove('tree');
  }
}

const layersOf = (...layers: readonly (readonly RawEntry[])[]): ImageParts => ({
  layers: layers.map((entries) => archive(...entries)),
});

const imageOf = (...layers: readonly (readonly RawEntry[])[]): Readable =>
  bytes(tarOf(layoutOf(layersOf(...layers))));

const whiteout = (path: string): RawEntry => file(path, '');

test('upper layers cover, take away and empty what lower ones have', async () => {
  const lower = [
    folder('etc/'),
    file('etc/a', '1'),
    file('etc/b', '1'),
    folder('opt/'),
    file('opt/x/y', '1'),
    file('opt/z', '1'),
    folder('srv/'),
    file('srv/file', '1'),
    folder('turned/'),
    file('turned/in', '1'),
    file('flat', '1'),
  ];
  const upper = [
    file('etc/b', '2'),
    whiteout('etc/.wh.a'),
    // Whatever order its entries have, a whiteout is for layers below.
    file('opt/new', '2'),
    whiteout('opt/.wh..wh..opq'),
    file('opt/x/new', '2'),
    whiteout('.wh.srv'),
    file('turned', '2'),
    folder('flat/'),
    file('flat/in', '2'),
    whiteout('.wh..wh.aufs'),
  ];
  assert.deepEqual(await treeOf(imageOf(lower, upper)), [
    'etc/',
    'etc/b=2',
    'flat/',
    'flat/in=2',
    'opt/',
    'opt/new=2',
    'opt/x/',
    'opt/x/new=2',
    'turned=2',
  ]);
});

test('what is taken away and brought again is the new one alone', async () => {
  const lower = [folder('data/'), file('data/old', '1'), file('data/kept', '1')];
  const upper = [whiteout('.wh.data'), folder('data/'), file('data/kept', '2')];
  assert.deepEqual(await treeOf(imageOf(lower, upper)), ['data/', 'data/kept=2']);
  assert.deepEqual(await treeOf(imageOf(lower, upper, [whiteout('data/.wh.kept')])), ['data/']);
});

test('what takes away from a folder that is not there makes none', async () => {
  const upper = [whiteout('a/.wh.b'), whiteout('c/d/.wh..wh..opq'), whiteout('file/.wh.x')];
  assert.deepEqual(await treeOf(imageOf([file('file', '1')], upper)), ['file=1']);
});

test('hard links hold across layers, and outlive the name that they were made of', async () => {
  await store.import(
    'links',
    imageOf(
      [
        file('bin/a', 'program'),
        hardlink('bin/b', 'bin/a'),
        symlink('bin/l', 'a'),
        hardlink('bin/m', 'bin/l'),
      ],
      [hardlink('bin/c', 'bin/b'), whiteout('bin/.wh.a')],
      [file('bin/b', 'other')],
    ),
  );
  const root = store.rootfs('links');
  assert.deepEqual((await readdir(join(root, 'bin'))).sort(), ['b', 'c', 'l', 'm']);
  assert.equal(await readFile(join(root, 'bin/c'), 'utf8'), 'program');
  assert.equal((await stat(join(root, 'bin/c'))).nlink, 1);
  assert.equal(await readlink(join(root, 'bin/m')), 'a');
  await store.remove('links');
});

test('links of folders are followed as inside, and lead nowhere else', async () => {
  const lower = [
    folder('usr/lib/'),
    symlink('lib', 'usr/lib'),
    symlink('out', '/../../opt'),
    file('usr/lib/a', '1'),
  ];
  const upper = [
    file('lib/b', '2'),
    hardlink('lib/c', 'lib/a'),
    file('out/d', '2'),
    symlink('usr/up', '../../../etc/x'),
    whiteout('lib/.wh.a'),
  ];
  assert.deepEqual(await treeOf(imageOf(lower, upper)), [
    'lib->usr/lib',
    'opt/',
    'opt/d=2',
    'out->/opt',
    'usr/',
    'usr/lib/',
    'usr/lib/b=2',
    'usr/lib/c=1',
    'usr/up->../etc/x',
  ]);
});

const simple = layersOf([file('bin/sh', 'shell'), folder('./')], [file('bin/x', 'x')]);
const simpleTree = ['bin/', 'bin/sh=shell', 'bin/x=x'];

test('a layout is read from a folder and from a tar, packed or not, in any order', async () => {
  const files = layoutOf(simple);
  const reversed = new Map([...files].reverse());
  const inPlace = new Map([...files].map(([name, data]): [string, Buffer] => [`./${name}`, data]));
  for (const form of [
    tarOf(files),
    tarOf(reversed),
    archive(folder('./'), tarOf(inPlace).subarray(0, -1024)),
    gzipSync(tarOf(files)),
  ])
    assert.deepEqual(await treeOf(bytes(form)), simpleTree);
  assert.deepEqual(await treeOf(await writeFiles(join(dir, 'layout'), files)), simpleTree);
  const plain = layoutOf({ ...simple, pack: (layer) => layer });
  assert.deepEqual(await treeOf(bytes(tarOf(plain))), simpleTree);
  await writeFile(join(dir, 'layer'), simple.layers[1] ?? '');
  const { stdout } = await run('zstd', ['-qc', join(dir, 'layer')], { encoding: 'buffer' });
  const zstd = layoutOf({
    ...simple,
    pack: (layer) => (layer === simple.layers[1] ? stdout : gzipSync(layer)),
  });
  assert.deepEqual(await treeOf(bytes(tarOf(zstd))), simpleTree);
});

test('what docker save writes is read, with layers that are links and layers that are empty', async () => {
  const empty = Buffer.alloc(1024);
  const image = { layers: [empty, ...simple.layers, empty] };
  const files = dockerArchiveOf(image);
  assert.deepEqual(await treeOf(bytes(tarOf(files))), simpleTree);
  const [name = ''] = [...files].find(([, data]) => data === simple.layers[1]) ?? [];
  const moved = new Map(
    [...files].map(([at, data]): [string, Buffer] => [at === name ? 'shared/layer.tar' : at, data]),
  );
  const linked = archive(tarOf(moved).subarray(0, -1024), symlink(name.slice(0, 90), '../shared/layer.tar'));
  assert.deepEqual(await treeOf(bytes(linked)), simpleTree);
});

test('the image of this machine is taken, and of several the one that is named', async () => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const here = { ...simple, platform: { os: 'linux', architecture } };
  const there = {
    ...layersOf([file('bin/other')]),
    architecture: 's390x',
    platform: { os: 'linux', architecture: 's390x' },
  };
  assert.deepEqual(await treeOf(bytes(tarOf(layoutOf(there, here)))), simpleTree);
  await assert.rejects(store.import('x', bytes(tarOf(layoutOf(there)))), { code: 'unsupported' });
  const two = tarOf(
    layoutOf({ ...simple, name: 'web:1' }, { ...layersOf([file('bin/two')]), name: 'web:2' }),
  );
  await assert.rejects(store.import('x', bytes(two)), /one has to be named: "web:1", "web:2"/);
  await assert.rejects(store.import('x', bytes(two), { image: 'web:3' }), /there is "web:1", "web:2"/);
  await store.import('x', bytes(two), { image: '2' });
  assert.deepEqual(await readdir(join(store.rootfs('x'), 'bin')), ['two']);
  await store.remove('x');
});

test('a dry run keeps nothing, and what came from the same image is found under any name', async () => {
  const parts = { ...layersOf([file('bin/a', '1')]), config: { Cmd: ['/bin/a'] }, name: 'image:1' };
  const tar = join(dir, 'same.tar');
  await writeFile(tar, tarOf(layoutOf(parts)));
  const layout = await writeFiles(join(dir, 'same'), layoutOf(parts));
  for (const source of [tar, layout]) {
    const seen = await store.import('dry', source, { dryRun: true, reuse: true });
    assert.deepEqual([seen.name, seen.image?.command, await readdir(storeDir)], ['dry', ['/bin/a'], []]);
    const first = await store.import('first', source, { reuse: true });
    assert.deepEqual(seen, { ...first, name: 'dry', importedAt: seen.importedAt });
    for (const dryRun of [true, false])
      assert.equal((await store.import('second', source, { reuse: true, dryRun })).name, 'first');
    // What it should be is asked of what is taken in its place, too.
    const expected = { reuse: true, digest: digestOf(Buffer.from('other')) };
    await assert.rejects(store.import('second', source, expected), { details: { reason: 'digest' } });
    assert.equal((await store.import('second', source, { ...expected, digest: first.digest })).name, 'first');
    // Which of several it is has to be the same, too.
    assert.equal((await store.import('named', source, { reuse: true, image: '1' })).name, 'named');
    await store.remove('named');
    await writeFile(tar, tarOf(layoutOf(layersOf([file('bin/a', '2')]))));
    if (source === tar)
      await assert.rejects(store.import('first', tar, { dryRun: true }), { code: 'exists' });
    await store.remove('first');
  }
  await assert.rejects(store.import('none', join(dir, 'nowhere'), { reuse: true }), { code: 'not-found' });
});

test('a dry run, or a look for the same image, that is ended early says so', async () => {
  const tar = join(dir, 'ended.tar');
  await writeFile(tar, tarOf(layoutOf(layersOf([file('bin/a', '1')]))));
  await store.import('first', tar);
  const ended = { code: 'cancelled', message: /import of dry was cancelled/ };
  for (const how of [{ dryRun: true }, { reuse: true }])
    await assert.rejects(store.import('dry', tar, { ...how, signal: AbortSignal.abort() }), ended);
  await store.remove('first');
  assert.deepEqual(await readdir(storeDir), []);
});

test('a root is made fit for a container, and told so; an image is as it came', async () => {
  const fitting = new TemplateStore({ dir: storeDir, fit: async () => ['made fit'] });
  const { layers } = layersOf([file('bin/a', '1')]);
  const [layer] = layers;
  assert.ok(layer !== undefined);
  const image = await fitting.import('image', bytes(tarOf(layoutOf({ layers }))));
  const root = await fitting.import('root', bytes(layer));
  assert.deepEqual([image.notes.includes('made fit'), root.notes.includes('made fit')], [false, true]);
  assert.deepEqual((await fitting.get('root')).notes, root.notes);
  for (const name of ['image', 'root']) await store.remove(name);
});

test('what the image starts is kept, with its program, user and folders worked out', async () => {
  const config = {
    Entrypoint: ['entry.sh', '--run'],
    Cmd: ['nginx', '-g', 'daemon off;'],
    Env: ['PATH=/opt/bin:/bin', 'NGINX_VERSION=1.2', 'BAD=a\u0001b', 'no'],
    User: 'web',
    WorkingDir: '/srv//www/',
    Volumes: { '/var/lib/data': {}, '/bad\u001b[2J': {} },
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGQUIT',
  };
  const passwd = 'root:x:0:0::/root:/bin/sh\nweb:x:33:34::/:/bin/false\n';
  const { layers } = layersOf([file('etc/passwd', passwd), file('opt/bin/entry.sh', '#!/bin/sh')]);
  const made = await store.import('app', bytes(tarOf(layoutOf({ layers, config }))));
  assert.deepEqual(made.image, {
    command: ['/opt/bin/entry.sh', '--run', 'nginx', '-g', 'daemon off;'],
    environment: [
      { name: 'PATH', value: '/opt/bin:/bin' },
      { name: 'NGINX_VERSION', value: '1.2' },
    ],
    folder: '/srv/www',
    user: 33,
    group: 34,
    volumes: ['/var/lib/data'],
    ports: ['80/tcp'],
    stopSignal: 'SIGQUIT',
  });
  assert.deepEqual(
    made.notes.filter((note) => note.includes('variable')),
    ['a variable of the image is left out, since it cannot stand in a document: "BAD=a\\u0001b", and 1 more'],
  );
  assert.deepEqual(await store.get('app'), made);
  await store.remove('app');
});

test('what no document holds is left out and told, and what one holds is kept', async () => {
  const { layers } = layersOf([file('bin/sh', '#!')]);
  const madeOf = async (config: object) => {
    const { image, notes } = await store.import('u', bytes(tarOf(layoutOf({ layers, config }))));
    await store.remove('u');
    return { ...image, notes: notes.length };
  };
  const lines = ['sh', '-c', 'echo a\n\techo b\r\n', ''];
  const kept = await madeOf({ Cmd: lines, Env: ['A=<é>\u{1f600}'], WorkingDir: '/w' });
  assert.deepEqual([kept.command, kept.notes], [['/bin/sh', ...lines.slice(1)], 0]);
  assert.deepEqual(kept.environment, [{ name: 'A', value: '<é>\u{1f600}' }]);
  for (const bad of ['\u009b', '\ud800', '\u0001', '\uffff', '\u007f']) {
    const { environment, folder, notes } = await madeOf({ Env: [`A=${bad}`], WorkingDir: `/${bad}` });
    assert.deepEqual([environment, folder, notes], [[], undefined, 2], JSON.stringify(bad));
    assert.deepEqual((await madeOf({ Cmd: [`/bin/${bad}`] })).command, []);
  }
  assert.deepEqual((await madeOf({ Cmd: ['sh', '\ud800'] })).command, []);
});

test('the working directory is made where no layer has it, as inside, and programs are found by any name', async () => {
  const { layers } = layersOf([file(Buffer.from('é/sh').toString('latin1'), '#!'), symlink('app', '/srv')]);
  const config = { Cmd: ['/é/sh'], WorkingDir: '/app/ü/' };
  const made = await store.import('u', bytes(tarOf(layoutOf({ layers, config }))));
  assert.deepEqual([made.image?.folder, made.image?.command], ['/app/ü', ['/é/sh']]);
  assert.deepEqual(
    made.notes.filter((note) => note.includes('program')),
    [],
  );
  const { mode, uid, gid } = await stat(join(store.rootfs('u'), 'srv/ü'));
  assert.deepEqual([mode & 0o7777, uid, gid], [0o755, 0, 0]);
  await store.remove('u');
});

test('the signal that an image names is told by its name, and one that is none is not', async () => {
  const { layers } = layersOf([file('bin/a', '1')]);
  for (const [said, told] of [
    ['SIGQUIT', 'SIGQUIT'],
    ['quit', 'SIGQUIT'],
    ['3', '3'],
    ['SIGRTMIN+3', 'SIGRTMIN+3'],
    ['SIGTERM', undefined],
    ['15', undefined],
    ['', undefined],
    ['SIG QUIT\u001b', undefined],
  ] as const) {
    const made = await store.import('app', bytes(tarOf(layoutOf({ layers, config: { StopSignal: said } }))));
    assert.equal(made.image?.stopSignal, told, said);
    await store.remove('app');
  }
});

test('a user or group that is no number in the image is told, and a group without a user is kept', async () => {
  const passwd = 'root:x:0:0::/root:/bin/sh\nnone:x::5::/:/bin/sh\nhex:x:0x10:5::/:/bin/sh\n';
  const { layers } = layersOf([file('etc/passwd', passwd)]);
  const ids = async (User: string) => {
    const { image, notes } = await store.import('u', bytes(tarOf(layoutOf({ layers, config: { User } }))));
    await store.remove('u');
    return [image?.user, image?.group, notes.filter((note) => note.includes('user')).length];
  };
  for (const user of ['none', 'hex', '1e2', '65536'])
    assert.deepEqual(await ids(user), [undefined, undefined, 1], user);
  assert.deepEqual(await ids(':100'), [0, 100, 0]);
  assert.deepEqual(await ids('7'), [7, 0, 0]);
});

test('a layer that is no archive is let go of', async () => {
  const layout = await writeFiles(
    join(dir, 'rubbish'),
    layoutOf({ ...simple, pack: (layer) => Buffer.concat([Buffer.from('BZh9'), layer]) }),
  );
  await assert.rejects(store.import('x', layout), { code: 'unsupported' });
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  assert.deepEqual(
    links.filter((link) => link.startsWith(layout)),
    [],
  );
});

test('an image of Incus is its root, whatever is beside it', async () => {
  const incus = archive(
    file('metadata.yaml', 'architecture: amd64\n'),
    folder('templates/'),
    file('templates/hostname.tpl', 'x'),
    folder('rootfs/'),
    file('rootfs/bin/sh', 'shell'),
    hardlink('rootfs/bin/x', 'rootfs/bin/sh'),
  );
  assert.deepEqual(await treeOf(bytes(incus)), ['bin/', 'bin/sh=shell', 'bin/x=shell']);
  const out = archive(file('metadata.yaml'), file('secret'), hardlink('rootfs/x', 'secret'));
  await assert.rejects(store.import('x', bytes(out)), { code: 'invalid' });
});

const hasSquashfs = existsSync('/usr/bin/mksquashfs');

test('an image pair of LXC is its root, from squashfs or a tar', { skip: !hasSquashfs }, async () => {
  const root = join(dir, 'pair-root');
  const pair = join(dir, 'pair');
  await run('mkdir', ['-p', join(root, 'bin'), join(root, 'dev'), join(root, 'home/u'), pair]);
  await writeFile(join(root, 'bin/sh'), 'shell', { mode: 0o755 });
  await run('setcap', ['cap_net_raw=ep', join(root, 'bin/sh')]);
  await run('ln', [join(root, 'bin/sh'), join(root, 'bin/x')]);
  await run('mknod', [join(root, 'dev/sda'), 'b', '8', '0']);
  await run('chown', ['1000:33', join(root, 'home/u')]);
  await writeFile(join(pair, 'metadata.yaml'), 'architecture: amd64\n');
  await run('mksquashfs', [root, join(pair, 'rootfs.squashfs'), '-quiet', '-no-progress']);
  await store.import('pair', pair);
  const made = store.rootfs('pair');
  assert.deepEqual((await readdir(made)).sort(), ['bin', 'dev', 'home', 'proc', 'sys']);
  assert.deepEqual(await readdir(join(made, 'dev')), []);
  const [home, shell] = [await stat(join(made, 'home/u')), await stat(join(made, 'bin/sh'))];
  assert.deepEqual([home.uid, home.gid, shell.nlink], [1000, 33, 2]);
  assert.match((await run('getcap', [join(made, 'bin/x')])).stdout, /cap_net_raw/);
  await store.remove('pair');
  await rm(join(root, 'dev'), { recursive: true });
  await run('rm', [join(pair, 'rootfs.squashfs')]);
  await run('tar', ['-C', root, '-cJf', join(pair, 'rootfs.tar.xz'), '.']);
  assert.deepEqual(await treeOf(pair), ['bin/', 'bin/sh=shell', 'bin/x=shell', 'home/', 'home/u/']);
});

test('a squashfs that is damaged, too large or of other devices is refused', {
  skip: !hasSquashfs,
}, async () => {
  const root = join(dir, 'bad-root');
  const path = join(dir, 'bad.squashfs');
  await run('mkdir', ['-p', join(root, 'bin')]);
  await run('truncate', ['-s', '300M', join(root, 'bin/zero')]);
  await run('mksquashfs', [root, path, '-quiet', '-no-progress']);
  await assert.rejects(store.import('bad', path), { code: 'invalid', details: { reason: 'limit' } });
  await run('truncate', ['-s', '-200', path]);
  await assert.rejects(store.import('bad', path), { code: 'invalid' });
  await run('rm', [path, join(root, 'bin/zero')]);
  await run('mknod', [join(root, 'bin/sda'), 'b', '8', '0']);
  await run('mksquashfs', [root, path, '-quiet', '-no-progress']);
  await assert.rejects(store.import('bad', path), { code: 'invalid' });
  assert.deepEqual(await readdir(storeDir), []);
});

const edited = (files: Files, edit: (files: Files) => void): Buffer => {
  edit(files);
  return tarOf(files);
};

const index = (descriptor: object): Buffer =>
  Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: 'x', size: 1, ...descriptor }] }));

const sound = (): Files => layoutOf(simple);
const blobName = (files: Files, place: number): string =>
  [...files.keys()].filter((name) => name.startsWith('blobs/'))[place] ?? '';
const bad = (...layers: readonly (readonly RawEntry[])[]): Buffer => tarOf(layoutOf(layersOf(...layers)));
const device = (name: string, minor: string): RawEntry => ({ name, type: '4', major: '0000010\0', minor });

/** A layout whose index names the next one many times, and that one too, to some depth. */
const unfolding = (depth: number, width: number): Buffer =>
  edited(sound(), (files) => {
    for (let level = 0; level < depth; level++) {
      const { manifests } = JSON.parse(String(files.get('index.json')));
      const data = Buffer.from(JSON.stringify({ manifests: Array(width).fill(manifests[0]) }));
      const digest = digestOf(data);
      files.set(`blobs/sha256/${digest.slice(7)}`, data);
      files.set(
        'index.json',
        index({ digest, size: data.length, mediaType: 'application/vnd.oci.image.index.v1+json' }),
      );
    }
  });

const hostile: readonly (readonly [RefusalReason, string, Buffer, Partial<ImportLimits>?])[] = [
  [
    'digest',
    'a layer of other bytes',
    edited(sound(), (files) =>
      files.set(blobName(files, 1), Buffer.from(files.get(blobName(files, 1)) ?? '').reverse()),
    ),
  ],
  [
    'size',
    'a layer that is shorter',
    edited(sound(), (files) => files.set(blobName(files, 1), Buffer.alloc(5))),
  ],
  [
    'digest',
    'a configuration of other bytes',
    edited(sound(), (files) =>
      files.set(
        blobName(files, 0),
        Buffer.from(String(files.get(blobName(files, 0))).replace('linux', 'xunil')),
      ),
    ),
  ],
  [
    'digest',
    'contents that the configuration does not know',
    tarOf(layoutOf({ ...simple, diffIds: simple.layers.map(() => digestOf(Buffer.from('x'))) })),
  ],
  ['image', 'more layers than digests', tarOf(layoutOf({ ...simple, diffIds: [] }))],
  ['image', 'a blob that is missing', edited(sound(), (files) => files.delete(blobName(files, 1)))],
  ['image', 'no manifest at all', archive(file('oci-layout', '{}'))],
  [
    'image',
    'an index that is no JSON',
    edited(sound(), (files) => files.set('index.json', Buffer.from('{'))),
  ],
  [
    'image',
    'an index that is a list',
    edited(sound(), (files) => files.set('index.json', Buffer.from('[]'))),
  ],
  [
    'image',
    'an index with nothing in it',
    edited(sound(), (files) => files.set('index.json', Buffer.from('{"manifests":[]}'))),
  ],
  [
    'image',
    'a digest that is a path',
    edited(sound(), (files) => files.set('index.json', index({ digest: 'sha256:../../../../etc/shadow' }))),
  ],
  [
    'image',
    'a digest of another kind',
    edited(sound(), (files) => files.set('index.json', index({ digest: `md5:${'0'.repeat(32)}` }))),
  ],
  ['limit', 'indexes that name an index again and again', unfolding(3, 40)],
  [
    'limit',
    'a description without end',
    edited(sound(), (files) => files.set('index.json', Buffer.alloc(5 * 2 ** 20, ' '))),
  ],
  ['image', 'another system', tarOf(layoutOf({ ...simple, os: 'windows' }))],
  ['parent-name', 'a layer that climbs', bad([file('../x')])],
  ['absolute-name', 'a layer with an absolute name', bad([file('/x')])],
  ['parent-name', 'an archive whose names climb', archive(file('oci-layout', '{}'), file('blobs/../../x'))],
  ['duplicate', 'a blob twice', archive(file('oci-layout', '{}'), file('oci-layout', '{}'))],
  ['through-link', 'links in a circle', bad([symlink('a', 'b'), symlink('b', 'a')], [file('a/x')])],
  ['through-link', 'a file for a folder', bad([file('a')], [file('a/x')])],
  ['link-target', 'a hard link to nothing', bad([hardlink('a', 'b')])],
  [
    'link-target',
    'a hard link to what was taken away before',
    bad([file('b')], [whiteout('.wh.b')], [hardlink('a', 'b')]),
  ],
  ['device', 'a disk', bad([device('sda', '0000000\0')])],
  ['mount-point', '/etc as a link', bad([symlink('etc', 'tmp')])],
  [
    'mount-point',
    '/proc as a link, in an upper layer',
    bad([folder('proc/')], [whiteout('.wh.proc')], [symlink('proc', '/')]),
  ],
  ['owner', 'an owner that no container has', bad([{ ...file('a'), uid: '7777777\0' }])],
  [
    'limit',
    'variables without end',
    tarOf(layoutOf({ ...simple, config: { Env: Array(50_000).fill('A=b') } })),
  ],
  ['limit', 'a folder in all layers', bad(...Array(9).fill([folder('a/')])), { entries: 8 }],
  ['limit', 'entries over all layers', bad([file('a'), file('b')], [file('c'), file('d')]), { entries: 3 }],
  [
    'limit',
    'bytes over all layers',
    bad([file('a', 'x'.repeat(3000))], [file('a', 'x'.repeat(3000))]),
    { unpackedBytes: 5000 },
  ],
  ['limit', 'names over all layers', bad([file('a'.repeat(60))], [file('b'.repeat(60))]), { nameBytes: 100 }],
  [
    'limit',
    'folders that links make deep',
    bad([symlink('a', 'b/c/d'), symlink('b/c/d/a', 'b/c/d'), file('a/a/a/x')]),
    { depth: 6 },
  ],
  [
    'trailing-data',
    'a layer with a second archive',
    tarOf(layoutOf({ layers: [Buffer.concat([archive(file('a')), archive(file('b'))])] })),
  ],
];

for (const [reason, title, archived, limits = {}] of hostile)
  test(`an image is refused: ${title}`, async () => {
    const outside = await readdir(dir);
    await assert.rejects(store.import('hostile', bytes(archived), { limits }), (error) => {
      assert.ok(error instanceof TemplateError, String(error));
      assert.equal(error.details.reason, reason, error.message);
      return true;
    });
    assert.deepEqual(await readdir(storeDir), []);
    assert.deepEqual(await readdir(dir), outside);
  });

test('a layer that is a bomb is refused before it unfolds', async () => {
  const { stdout } = await run('sh', ['-c', 'truncate -s 300M zero; tar -cf - zero; rm zero'], {
    cwd: dir,
    encoding: 'buffer',
    maxBuffer: 2 ** 29,
  });
  await assert.rejects(store.import('bomb', bytes(tarOf(layoutOf({ layers: [stdout] })))), {
    code: 'invalid',
  });
  assert.deepEqual(await readdir(storeDir), []);
});

test('a folder is followed nowhere, and has to be a layout', async () => {
  const layout = await writeFiles(join(dir, 'linked'), sound());
  await rm(join(layout, 'index.json'));
  await run('ln', ['-s', '/etc/passwd', join(layout, 'index.json')]);
  await assert.rejects(store.import('x', layout), { code: 'invalid' });
  await assert.rejects(store.import('x', dir), /is no image: it has neither/);
  assert.deepEqual(await readdir(storeDir), []);
});

test('kill -9 in the middle leaves nothing that recovery does not remove', { timeout: 120_000 }, async () => {
  const path = join(dir, 'kill.tar');
  const big = archive({ name: 'big', data: Buffer.alloc(30 * 2 ** 20, 'ctvirt') });
  await writeFile(path, tarOf(layoutOf({ layers: [big, ...simple.layers], pack: (layer) => layer })));
  const module = fileURLToPath(new URL('./store.js', import.meta.url));
  const killDir = join(dir, 'killed');
  const program =
    `const { TemplateStore } = await import(${JSON.stringify(module)});` +
    `const store = new TemplateStore({ dir: ${JSON.stringify(killDir)} });` +
    `await store.recover(); process.stdout.write('ready\\n');` +
    `await store.import('tree', ${JSON.stringify(path)});`;
  const killed = new TemplateStore({ dir: killDir });
  let partial = 0;
  let delayMs = 0;
  // On a host that is busy now and idle then the import may not have begun by then, or be over.
  for (let round = 0; round < 14 || (partial <= 2 && round < 140); round++) {
    delayMs = (delayMs + 30) % 420;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Asked for now: it may end by itself before it is killed.
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await sleep(delayMs);
    child.kill('SIGKILL');
    await closed;
    partial += (await killed.recover()).length;
    const whole = await killed.list();
    assert.deepEqual(
      await readdir(killDir),
      whole.map(({ name }) => name),
    );
    if (whole.length > 0) await killed.remove('tree');
  }
  assert.ok(partial > 2, `${partial} were interrupted`);
});
