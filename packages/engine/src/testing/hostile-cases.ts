// Archives that must be refused, each with the reason told.
// SPDX-License-Identifier: Apache-2.0
import type { RefusalReason } from '../templates/archive/errors.js';
import type { ImportLimits } from '../templates/archive/limits.js';
import {
  archive,
  BLOCK_BYTES,
  END,
  file,
  folder,
  hardlink,
  longEntry,
  paxEntry,
  paxRecord,
  rawEntry,
  symlink,
} from './hostile-archive.js';

/** One archive, why it is refused, and the limits it is refused under, if not the ordinary ones. */
export interface HostileCase {
  title: string;
  reason: RefusalReason;
  bytes: Buffer;
  limits?: Partial<ImportLimits>;
}

const long = (count: number) => 'n'.repeat(count);
const device = (type: '3' | '4', name: string, major: number, minor: number) => ({
  name,
  type,
  major: `${major.toString(8).padStart(7, '0')}\0`,
  minor: `${minor.toString(8).padStart(7, '0')}\0`,
});
const capability = (hex: string) => paxEntry({ 'SCHILY.xattr.security.capability': Buffer.from(hex, 'hex') });
const sparseMap = (pairs: readonly (readonly [number, number])[]) =>
  pairs
    .map(
      ([offset, length]) =>
        `${offset.toString(8).padStart(11, '0')} ${length.toString(8).padStart(11, '0')} `,
    )
    .join('');
const sparse = (pairs: readonly (readonly [number, number])[], real: number, data: Buffer) => ({
  name: 'holes',
  type: 'S',
  magic: 'ustar  \0',
  data,
  overlay: [
    [386, sparseMap(pairs)],
    [483, `${real.toString(8).padStart(11, '0')} `],
  ] as const,
});

const names: readonly HostileCase[] = [
  { title: 'absolute name', reason: 'absolute-name', bytes: archive(file('/etc/passwd')) },
  { title: 'absolute folder', reason: 'absolute-name', bytes: archive(folder('/')) },
  {
    title: 'absolute name by prefix',
    reason: 'absolute-name',
    bytes: archive({ ...file('passwd'), prefix: '/etc' }),
  },
  {
    title: 'absolute pax name',
    reason: 'absolute-name',
    bytes: archive(paxEntry({ path: '/etc/x' }), file('x')),
  },
  {
    title: 'absolute long name',
    reason: 'absolute-name',
    bytes: archive(longEntry('L', '/etc/x'), file('x')),
  },
  { title: 'climbing name', reason: 'parent-name', bytes: archive(file('../outside')) },
  {
    title: 'climbing in the middle',
    reason: 'parent-name',
    bytes: archive(folder('a/'), file('a/../../outside')),
  },
  { title: 'climbing at the end', reason: 'parent-name', bytes: archive(folder('a/..')) },
  {
    title: 'climbing pax name',
    reason: 'parent-name',
    bytes: archive(paxEntry({ path: 'a/../../x' }), file('x')),
  },
  { title: 'climbing by prefix', reason: 'parent-name', bytes: archive({ ...file('x'), prefix: '..' }) },
  { title: 'no name', reason: 'bad-name', bytes: archive(file('')) },
  { title: 'NUL in a pax name', reason: 'bad-name', bytes: archive(paxEntry({ path: 'a\0b' }), file('x')) },
  { title: 'NUL in a long name', reason: 'bad-name', bytes: archive(longEntry('L', 'a\0b'), file('x')) },
  { title: 'part too long', reason: 'bad-name', bytes: archive(longEntry('L', long(256)), file('x')) },
  { title: 'file with the name of a folder', reason: 'bad-name', bytes: archive(file('a/')) },
  { title: 'link with the name of a folder', reason: 'bad-name', bytes: archive(symlink('a/', 'b')) },
  {
    title: 'two long names',
    reason: 'header',
    bytes: archive(paxEntry({ path: 'a' }), longEntry('L', 'b'), file('x')),
  },
  {
    title: 'two GNU long names',
    reason: 'header',
    bytes: archive(longEntry('L', 'a'), longEntry('L', 'b'), file('x')),
  },
  {
    title: 'two pax headers',
    reason: 'header',
    bytes: archive(paxEntry({ path: 'a' }), paxEntry({ path: 'b' }), file('x')),
  },
  {
    title: 'a path for all entries',
    reason: 'header',
    bytes: archive(paxEntry({ path: 'a' }, 'g'), file('x')),
  },
];

const links: readonly HostileCase[] = [
  {
    title: 'entry through a link',
    reason: 'through-link',
    bytes: archive(symlink('a', '/etc'), file('a/passwd')),
  },
  {
    title: 'folder through a link',
    reason: 'through-link',
    bytes: archive(symlink('a', '/etc'), folder('a/b/')),
  },
  {
    title: 'entry through a link to a folder of its own',
    reason: 'through-link',
    bytes: archive(folder('b/'), symlink('a', 'b'), file('a/x')),
  },
  { title: 'entry through a file', reason: 'through-link', bytes: archive(file('a'), file('a/b')) },
  {
    title: 'link deep through a link',
    reason: 'through-link',
    bytes: archive(folder('d/'), symlink('d/a', '..'), hardlink('d/a/x', 'd/a')),
  },
  { title: 'relative link out of the root', reason: 'link-target', bytes: archive(symlink('a', '../etc')) },
  {
    title: 'relative link out and in again',
    reason: 'link-target',
    bytes: archive(folder('d/'), symlink('d/a', '../../root/d')),
  },
  { title: 'absolute link above the root', reason: 'link-target', bytes: archive(symlink('a', '/../etc')) },
  {
    title: 'long link out of the root',
    reason: 'link-target',
    bytes: archive(longEntry('K', `${'../'.repeat(50)}etc`), symlink('a', 'b')),
  },
  { title: 'link to nothing', reason: 'link-target', bytes: archive(symlink('a', '')) },
  {
    title: 'hard link to an absolute name',
    reason: 'link-target',
    bytes: archive(hardlink('a', '/etc/shadow')),
  },
  {
    title: 'hard link that climbs',
    reason: 'link-target',
    bytes: archive(hardlink('a', '../../etc/shadow')),
  },
  {
    title: 'hard link to nothing of the archive',
    reason: 'link-target',
    bytes: archive(hardlink('a', 'etc/shadow')),
  },
  {
    title: 'hard link to a later file',
    reason: 'link-target',
    bytes: archive(hardlink('a', 'b'), file('b')),
  },
  { title: 'hard link to a folder', reason: 'link-target', bytes: archive(folder('d/'), hardlink('a', 'd')) },
  {
    title: 'hard link through a link',
    reason: 'link-target',
    bytes: archive(symlink('l', '/etc'), hardlink('a', 'l/shadow')),
  },
  { title: 'hard link to itself', reason: 'link-target', bytes: archive(hardlink('a', 'a')) },
  {
    title: 'hard link with data',
    reason: 'header',
    bytes: archive(file('a'), { ...hardlink('b', 'a'), data: Buffer.from('x') }),
  },
];

const duplicates: readonly HostileCase[] = [
  { title: 'a file twice', reason: 'duplicate', bytes: archive(file('a'), file('a')) },
  {
    title: 'a file twice, spelt otherwise',
    reason: 'duplicate',
    bytes: archive(folder('d/'), file('d/a'), file('./d//a')),
  },
  {
    title: 'link, then folder',
    reason: 'duplicate',
    bytes: archive(symlink('rootfs', '/'), folder('rootfs/')),
  },
  {
    title: 'folder, then link',
    reason: 'duplicate',
    bytes: archive(folder('rootfs/'), symlink('rootfs', '/')),
  },
  {
    title: 'implied folder, then link',
    reason: 'duplicate',
    bytes: archive(file('rootfs/a'), symlink('rootfs', '/')),
  },
  { title: 'link, then file', reason: 'duplicate', bytes: archive(symlink('a', '/etc/passwd'), file('a')) },
  {
    title: 'hard link over a file',
    reason: 'duplicate',
    bytes: archive(file('a'), file('b'), hardlink('a', 'b')),
  },
  { title: 'a folder twice', reason: 'duplicate', bytes: archive(folder('d/'), folder('d/')) },
  {
    title: 'file over a device left out',
    reason: 'duplicate',
    bytes: archive(device('3', 'dev/null', 1, 3), file('dev/null')),
  },
  {
    title: 'something below a device left out',
    reason: 'through-link',
    bytes: archive(device('3', 'dev/null', 1, 3), file('dev/null/a')),
  },
];

const kinds: readonly HostileCase[] = [
  { title: 'disk', reason: 'device', bytes: archive(device('4', 'opt/sda', 8, 0)) },
  { title: 'memory', reason: 'device', bytes: archive(device('3', 'devices/mem', 1, 1)) },
  { title: 'overlay whiteout', reason: 'device', bytes: archive(device('3', 'etc/passwd', 0, 0)) },
  { title: 'null as a block device', reason: 'device', bytes: archive(device('4', 'var/null', 1, 3)) },
  { title: 'multi-volume part', reason: 'file-type', bytes: archive({ ...file('a'), type: 'M' }) },
  { title: 'volume label', reason: 'file-type', bytes: archive({ name: 'label', type: 'V' }) },
  { title: 'dump of a folder', reason: 'file-type', bytes: archive({ name: 'a/', type: 'D' }) },
  { title: 'unknown type', reason: 'file-type', bytes: archive({ name: 'a', type: 'Z' }) },
  { title: 'root is a link', reason: 'bad-name', bytes: archive(symlink('./', '/etc')) },
  { title: 'root is a file', reason: 'file-type', bytes: archive(file('.')) },
  { title: '/proc is a link', reason: 'mount-point', bytes: archive(symlink('proc', 'etc')) },
  { title: '/dev is a file', reason: 'mount-point', bytes: archive(file('dev')) },
  { title: '/sys is a device left out', reason: 'mount-point', bytes: archive(device('3', 'sys', 1, 3)) },
  { title: '/etc is a link', reason: 'mount-point', bytes: archive(symlink('etc', 'usr/etc')) },
  { title: '/etc is a hard link', reason: 'mount-point', bytes: archive(file('a'), hardlink('etc', 'a')) },
  { title: 'owner above the range', reason: 'owner', bytes: archive({ ...file('a'), uid: '0200000\0' }) },
  {
    title: 'group above the range by pax',
    reason: 'owner',
    bytes: archive(paxEntry({ gid: '100000' }), file('a')),
  },
  {
    title: 'capabilities of a foreign namespace',
    reason: 'attribute',
    bytes: archive(capability(`01000003${'00'.repeat(16)}a0860100`), file('a')),
  },
  { title: 'capabilities cut short', reason: 'attribute', bytes: archive(capability('01000002'), file('a')) },
  {
    title: 'overlay redirect',
    reason: 'attribute',
    bytes: archive(paxEntry({ 'SCHILY.xattr.trusted.overlay.redirect': '/etc' }), folder('a/')),
  },
  {
    title: 'overlay whiteout by attribute',
    reason: 'attribute',
    bytes: archive(paxEntry({ 'LIBARCHIVE.xattr.user.overlay.whiteout': 'eQ' }), file('a')),
  },
];

const damage: readonly HostileCase[] = [
  { title: 'wrong checksum', reason: 'header', bytes: archive({ ...file('a'), checksum: '000000\0 ' }) },
  {
    title: 'negative size',
    reason: 'header',
    bytes: archive({ ...file('a'), size: `\xff${'\xff'.repeat(11)}` }),
  },
  {
    title: 'size beyond 2^53',
    reason: 'header',
    bytes: archive({ ...file('a'), size: `\x80${'\x7f'.repeat(11)}` }),
  },
  { title: 'size not a number', reason: 'header', bytes: archive({ ...file('a'), size: '0000000009x\0' }) },
  {
    title: 'folder with data',
    reason: 'header',
    bytes: archive({ ...folder('a/'), data: Buffer.from('x') }),
  },
  {
    title: 'link with data',
    reason: 'header',
    bytes: archive({ ...symlink('a', 'b'), data: Buffer.from('x') }),
  },
  {
    title: 'pax record too long',
    reason: 'header',
    bytes: archive(rawEntry({ type: 'x', data: Buffer.from('99 path=a\n') }), file('a')),
  },
  {
    title: 'pax record without end',
    reason: 'header',
    bytes: archive(rawEntry({ type: 'x', data: Buffer.from('9 path=ab') }), file('a')),
  },
  {
    title: 'pax record of no length',
    reason: 'header',
    bytes: archive(rawEntry({ type: 'x', data: Buffer.from('0 path=a\n') }), file('a')),
  },
  { title: 'pax size that is none', reason: 'header', bytes: archive(paxEntry({ size: '-1' }), file('a')) },
  {
    title: 'pax key twice',
    reason: 'header',
    bytes: archive(
      rawEntry({ type: 'x', data: Buffer.concat([paxRecord('path', 'a'), paxRecord('path', '../b')]) }),
      file('a'),
    ),
  },
  {
    title: 'nothing after an extended header',
    reason: 'header',
    bytes: archive(file('a'), paxEntry({ path: 'b' })),
  },
  {
    title: 'cut in a header',
    reason: 'truncated',
    bytes: archive(file('a'), file('b')).subarray(0, 2 * BLOCK_BYTES + 100),
  },
  {
    title: 'cut in the data',
    reason: 'truncated',
    bytes: archive(file('a', 'x'.repeat(4000))).subarray(0, 2000),
  },
  {
    title: 'cut between entries',
    reason: 'truncated',
    bytes: archive(file('a'), file('b')).subarray(0, 2 * BLOCK_BYTES),
  },
  {
    title: 'cut in the end mark',
    reason: 'truncated',
    bytes: archive(file('a')).subarray(0, 3 * BLOCK_BYTES),
  },
  {
    title: 'pax size larger than the archive',
    reason: 'truncated',
    bytes: archive(paxEntry({ size: '100000' }), file('a')),
  },
  {
    title: 'one block of zeros in between',
    reason: 'trailing-data',
    bytes: Buffer.concat([archive(file('a')).subarray(0, 3 * BLOCK_BYTES), archive(file('b'))]),
  },
  {
    title: 'two archives in one',
    reason: 'trailing-data',
    bytes: Buffer.concat([archive(file('a')), archive(file('../b'))]),
  },
  {
    title: 'rubbish at the end',
    reason: 'trailing-data',
    bytes: Buffer.concat([archive(file('a')), Buffer.alloc(BLOCK_BYTES, 7)]),
  },
  {
    title: 'zeros without end',
    reason: 'trailing-data',
    bytes: Buffer.concat([archive(file('a')), Buffer.alloc(3 * 1024 ** 2)]),
  },
  {
    title: 'an archive of nothing',
    reason: 'format',
    bytes: Buffer.concat([paxEntry({ comment: 'x' }, 'g'), END]),
  },
];

const bombs: readonly HostileCase[] = [
  {
    title: 'one file too long',
    reason: 'limit',
    bytes: archive({ ...file('a'), size: `\x80${'\0'.repeat(5)}\x10${'\0'.repeat(5)}` }),
  },
  {
    title: 'files too long together',
    reason: 'limit',
    bytes: archive(file('a', 'x'.repeat(600)), file('b', 'x'.repeat(600))),
    limits: { unpackedBytes: 1000 },
  },
  {
    title: 'too many entries',
    reason: 'limit',
    bytes: archive(file('a'), file('b'), file('c')),
    limits: { entries: 2 },
  },
  {
    title: 'too many implied folders',
    reason: 'limit',
    bytes: archive(file('a/b/c/d/e/f')),
    limits: { entries: 4 },
  },
  { title: 'too deep', reason: 'limit', bytes: archive(longEntry('L', 'd/'.repeat(65)), folder('d/')) },
  {
    title: 'name too long',
    reason: 'limit',
    bytes: archive(longEntry('L', 'dddd/'.repeat(300)), folder('d/')),
    limits: { depth: 1000 },
  },
  {
    title: 'names too long together',
    reason: 'limit',
    bytes: archive(file(long(90)), file(`${long(90)}2`)),
    limits: { nameBytes: 100 },
  },
  {
    title: 'extended header too long',
    reason: 'limit',
    bytes: archive(paxEntry({ comment: 'x'.repeat(2000) }), file('a')),
    limits: { headerBytes: 1000 },
  },
  {
    title: 'extended headers without end',
    reason: 'limit',
    bytes: archive(...Array.from({ length: 5000 }, () => paxEntry({ comment: 'x' }, 'g')), file('a')),
  },
  {
    title: 'sparse file of a tebibyte',
    reason: 'limit',
    bytes: archive(sparse([[0, 4]], 0o77777777777, Buffer.from('data'))),
    limits: { fileBytes: 1024 ** 3 },
  },
  {
    title: 'sparse file beyond the ratio',
    reason: 'limit',
    bytes: archive(sparse([[0, 4]], 0o1000000000, Buffer.from('data'))),
  },
  {
    title: 'sparse stretches that overlap',
    reason: 'header',
    bytes: archive(
      sparse(
        [
          [0, 4],
          [2, 4],
        ],
        100,
        Buffer.from('datadata'),
      ),
    ),
  },
  {
    title: 'sparse stretch beyond the end',
    reason: 'header',
    bytes: archive(sparse([[98, 4]], 100, Buffer.from('data'))),
  },
  {
    title: 'sparse map and data that differ',
    reason: 'header',
    bytes: archive(sparse([[0, 8]], 100, Buffer.from('data'))),
  },
  {
    title: 'old pax sparse form',
    reason: 'file-type',
    bytes: archive(paxEntry({ 'GNU.sparse.size': '100', 'GNU.sparse.map': '0,4' }), file('a')),
  },
  {
    title: 'pax sparse map that never ends',
    reason: 'header',
    bytes: archive(
      paxEntry({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'a',
        'GNU.sparse.realsize': '9',
      }),
      file('a', `${'1'.repeat(600)}\n`),
    ),
  },
];

/** All of them. */
export const HOSTILE: readonly HostileCase[] = [
  ...names,
  ...links,
  ...duplicates,
  ...kinds,
  ...damage,
  ...bombs,
];
