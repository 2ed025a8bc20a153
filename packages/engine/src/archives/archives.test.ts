// Shows that no hostile archive of a domain passes, that sound ones come out as they went in, and what is asked of an end.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TemplateError } from '../templates/archive/errors.js';
import { LayerInspector, layerBlocks } from '../templates/archive/layer-inspect.js';
import { DOMAIN_LIMITS } from '../templates/archive/limits.js';
import { TarReader } from '../templates/archive/tar-reader.js';
import { endOfArchive } from '../templates/archive/tar-write.js';
import { archive, file, folder, hardlink, paxEntry, symlink } from '../testing/hostile-archive.js';
import { HOSTILE } from '../testing/hostile-cases.js';
import { damagedArchive, soundArchive } from '../testing/hostile-random.js';
import type { Manifest } from './manifest.js';
import { ArchiveReader } from './read.js';
import { archiveBlocks } from './write.js';

const DAMAGED_RUNS = Number(process.env.CTVIRT_FUZZ_RUNS ?? 1000);

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function all(blocks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of blocks) pieces.push(piece);
  return Buffer.concat(pieces);
}

const limitsOf = (limits: Partial<typeof DOMAIN_LIMITS> = {}) => ({ ...DOMAIN_LIMITS, ...limits });

/** What tar would get to unpack. */
async function layer(bytes: Buffer, limits = limitsOf()): Promise<Buffer> {
  const reader = new TarReader(once(bytes), limits, undefined, { layers: true });
  const blocks = await all(layerBlocks(reader.members(), new LayerInspector(limits)));
  return Buffer.concat([blocks, endOfArchive()]);
}

const isRefusal = (error: unknown): boolean => {
  assert.ok(error instanceof TemplateError && error.code === 'invalid', String(error));
  return true;
};

/** What a container's own files may be, and a template's may not, and budgets of a template's alone. */
const allowed = (title: string, reason: string): boolean =>
  reason === 'mount-point' ||
  /climb|out of the root|link out and in|link above the root|attribute|overlay|ratio|of nothing/i.test(
    title,
  ) ||
  /limit/.test(reason);

for (const { title, bytes, reason, limits } of HOSTILE)
  if (!allowed(title, reason))
    test(`a layer is refused, too: ${title}`, () =>
      assert.rejects(layer(bytes, limitsOf(limits)), isRefusal));

test('what only a layer has is kept: whiteouts, links that climb, folders that cover all below, users’ attributes, holes', async () => {
  const holes = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 'hole',
    'GNU.sparse.realsize': '200000',
  };
  const bytes = await layer(
    archive(
      folder('./'),
      { name: 'gone', type: '3', uid: '0200000\0' },
      symlink('up', '../../../x'),
      paxEntry({ 'SCHILY.xattr.trusted.overlay.opaque': 'y', mtime: '1796021656.607734636' }),
      folder('over/'),
      paxEntry({ 'SCHILY.xattr.user.note': 'a', 'SCHILY.xattr.security.selinux': 'x' }),
      file('noted'),
      hardlink('again', 'noted'),
      paxEntry(holes),
      {
        name: 'GNUSparseFile.1/hole',
        data: Buffer.concat([Buffer.from('1\n0\n4\n'.padEnd(512, '\0')), Buffer.from('head')]),
      },
    ),
  );
  const text = bytes.toString('latin1');
  for (const kept of [
    'gone',
    '../../../x',
    'overlay.opaque=y',
    'mtime=1796021656.607734636',
    'user.note=a',
    'head',
  ])
    assert.ok(text.includes(kept), kept);
  assert.ok(!text.includes('selinux'));
  // Nothing is written for the hole.
  assert.ok(bytes.length < 20 * 512, `${bytes.length}`);
  assert.deepEqual(await layer(bytes), bytes);
});

for (const [title, ...parts] of [
  ['a device beside a whiteout', { name: 'sda', type: '3', major: '0000010\0' }],
  ['a block device 0:0', { name: 'sda', type: '4' }],
  ['a file below a whiteout', { name: 'a', type: '3' }, file('a/b')],
  ['a file behind a link', symlink('a', '/etc'), file('a/b')],
  ['a file that covers a folder', paxEntry({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }), file('a')],
  [
    'another place’s file',
    paxEntry({ 'SCHILY.xattr.trusted.overlay.redirect': '/etc/shadow' }),
    folder('a/'),
  ],
  ['contents elsewhere', paxEntry({ 'SCHILY.xattr.trusted.overlay.metacopy': '' }), file('a')],
  [
    'a list that is none',
    paxEntry({ 'SCHILY.xattr.system.posix_acl_access': '\x02\0\0\0rubbish!' }),
    file('a'),
  ],
  ['an attribute too long', paxEntry({ 'SCHILY.xattr.user.a': 'x'.repeat(70_000) }), file('a')],
  ['an owner outside', { name: 'a', uid: '0200000\0' }],
] as const)
  test(`a layer is refused: ${title}`, () => assert.rejects(layer(archive(...parts)), isRefusal));

test('a damaged layer is refused or comes out canonical', async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(damagedArchive, async ({ bytes }) => {
      let found: Buffer;
      try {
        found = await layer(bytes);
      } catch (error) {
        isRefusal(error);
        return;
      }
      passed++;
      assert.deepEqual(await layer(found), found);
    }),
    { numRuns: DAMAGED_RUNS },
  );
  assert.ok(passed > DAMAGED_RUNS / 20, `only ${passed} passed: the property says little`);
});

const manifest: Manifest = {
  name: 'web',
  uuid: '4dea22b3-1d52-d8f3-2516-782e98ab3fa0',
  ctid: null,
  createdAt: '2026-11-30T12:00:00.000Z',
  autostart: true,
  hasRun: true,
  hostname: 'web',
  ids: { base: 0, count: 65_536 },
  layers: ['root', 'srv'].map((key) => ({
    key,
    target: `/${key}`,
    template: { name: 'debian', digest: 'sha256:0' },
  })),
  templates: [],
  mounts: [],
  outside: [{ kind: 'mount', source: '/srv', target: null }],
};

const written = (bytes: Buffer): Promise<Buffer> =>
  all(
    archiveBlocks(
      {
        manifest,
        xml: '<domain/>',
        template: () => assert.fail('there is none'),
        mount: () => assert.fail('there is none'),
        layer: () => new TarReader(once(bytes), DOMAIN_LIMITS, undefined, { layers: true }).members(),
      },
      { limits: DOMAIN_LIMITS },
    ),
  );

/** Its layers, once all of it is read. */
async function read(bytes: Buffer): Promise<Buffer[]> {
  const reader = await ArchiveReader.open(once(bytes), DOMAIN_LIMITS, undefined);
  try {
    const head = await reader.head();
    assert.deepEqual(head, { manifest, xml: '<domain/>' });
    const layers: Buffer[] = [];
    for (const { key } of manifest.layers) {
      const blocks = await all(layerBlocks(reader.layer(key), new LayerInspector(DOMAIN_LIMITS)));
      layers.push(Buffer.concat([blocks, endOfArchive()]));
    }
    await reader.end();
    return layers;
  } finally {
    await reader.close();
  }
}

test('what is written of layers is read as it was', async () => {
  await fc.assert(
    fc.asyncProperty(soundArchive, async (bytes) => {
      const one = await layer(bytes);
      assert.deepEqual(await read(await written(one)), [one, one]);
    }),
    { numRuns: 200 },
  );
});

test('an archive with any byte changed, or cut off anywhere, is refused', async () => {
  const whole = await written(archive(folder('./'), file('a', 'some text'), hardlink('b', 'a')));
  const reading = async (bytes: Buffer): Promise<'read' | 'refused'> => {
    try {
      await read(bytes);
      return 'read';
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) isRefusalOrUnknown(error);
      return 'refused';
    }
  };
  const isRefusalOrUnknown = (error: unknown): void =>
    assert.ok(error instanceof TemplateError, String(error));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      // Zeros that follow the end may be anything but that, and the mark's own header tells no more than its name.
      if ((await reading(bytes)) === 'read') assert.ok(at >= whole.indexOf('./END'), `byte ${at}`);
      assert.equal(await reading(whole.subarray(0, at)), 'refused');
    }),
    { numRuns: 500 },
  );
});
