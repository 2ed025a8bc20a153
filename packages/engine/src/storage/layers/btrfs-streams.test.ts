// Streams of btrfs between two file systems: what arrives is the layer, and what a stranger sends reaches nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, beforeEach, suite, test } from 'node:test';
import { removeTree } from '../../host/files.js';
import { BtrfsDisk, noBtrfs } from '../../testing/btrfs-disk.js';
import { type Command, commandOf, END, streamOf } from '../../testing/btrfs-stream.js';
import { inPieces } from '../../testing/pieces.js';
import { btrfsStreams, forgetCopies } from './btrfs-streams.js';
import { HOST_ROOT } from './ids.js';
import type { Place } from './layer.js';
import { treePath } from './tree.js';

const skip = noBtrfs();

suite('streams of btrfs', { skip }, () => {
  const disks = skip === false ? [new BtrfsDisk(), new BtrfsDisk()] : [];
  const placeOn = (disk: BtrfsDisk | undefined): Place => ({
    folder: join(disk?.folder ?? '', 'domain'),
    key: 'root',
  });
  const [near, far] = [placeOn(disks[0]), placeOn(disks[1])];
  after(() => {
    for (const disk of disks) disk[Symbol.dispose]();
  });
  const sh = (place: Place, script: string): string =>
    execFileSync('sh', ['-ec', script], { cwd: join(treePath(place), 'upper'), encoding: 'utf8' });
  beforeEach(() => {
    for (const place of [near, far]) {
      mkdirSync(place.folder);
      execFileSync('btrfs', ['-q', 'subvolume', 'create', treePath(place)]);
      for (const name of ['upper', 'work']) mkdirSync(join(treePath(place), name));
    }
  });
  afterEach(async () => {
    for (const [at, { folder }] of [near, far].entries()) {
      await removeTree(folder);
      const left = execFileSync('btrfs', ['subvolume', 'list', disks[at]?.folder ?? ''], {
        encoding: 'utf8',
      });
      assert.equal(left, '');
    }
  });

  const sending = btrfsStreams(near);
  const receiving = btrfsStreams(far);
  const copyOf = (number: number) => sending.send({ number, folder: near.folder });
  const told = (place: Place): string =>
    sh(
      place,
      "find . -printf '%P %y %m %U %G %s %T@ %n %l\\n' | sort; getfattr -Rhdm- . | sort; find . -type f -exec sha256sum {} + | sort",
    );

  test('each copy makes the layer there what it is here, with all that it may hold', async () => {
    sh(
      near,
      `echo text >file; ln file again; ln -s /etc link; mkfifo pipe; mknod gone c 0 0; chown 7:8 file; chmod 4750 file
       mkdir -m 1777 open; setfattr -n trusted.overlay.opaque -v y open; setcap cap_net_raw=ep again
       setfattr -n user.x -v y file; truncate -s 1G hole; head -c 3000000 /dev/urandom >bulk; setfacl -m u:33:r bulk`,
    );
    await receiving.receive(1, copyOf(1));
    assert.equal(told(far), told(near));
    sh(near, 'echo more >>file; rm pipe; mv open shut; head -c 100 /dev/urandom >bulk; rm gone');
    const stream = await buffer(copyOf(2));
    assert.ok(stream.length < 10_000);
    await receiving.receive(2, inPieces(stream, 7));
    assert.equal(told(far), told(near));
    await sending.sent(2);
    for (const place of [near, far]) {
      assert.deepEqual(readdirSync(join(place.folder, '.stream-root')), ['2']);
      await forgetCopies(place.folder);
      assert.deepEqual(readdirSync(place.folder), ['root.layer']);
    }
  });

  test("what only its host has stays there: overlay's folder and names of inodes", async () => {
    sh(
      near,
      'mkdir folder; touch folder/file; for name in origin impure nlink upper uuid; do setfattr -n trusted.overlay.$name -v x folder; done; ln -s x link; setfattr -hn trusted.overlay.origin -v x link; touch ../more ../work/left; chmod 777 ..; chown 5:5 ..',
    );
    await receiving.receive(1, copyOf(1));
    assert.equal(sh(far, 'getfattr -Rhdm- .'), '');
    const layer = treePath(far);
    assert.deepEqual(readdirSync(layer).sort(), ['upper', 'work']);
    assert.deepEqual(readdirSync(join(layer, 'work')), []);
    const [own, work] = [statSync(layer), statSync(join(layer, 'work'))];
    assert.deepEqual(
      [own.uid, own.mode & 0o7777, work.uid, work.mode & 0o7777],
      [0, 0o700, HOST_ROOT, 0o700],
    );
  });

  test('a snapshot with the place of a subvolume is not sent: that folder would be missing', async () => {
    const folder = join(near.folder, 'snapshot');
    mkdirSync(folder);
    sh(near, 'mkdir -p srv; btrfs -q subvolume create srv/nested; echo text >srv/nested/file');
    execFileSync('btrfs', ['-q', 'subvolume', 'snapshot', treePath(near), treePath({ ...near, folder })]);
    await assert.rejects(buffer(sending.send({ number: 1, folder })), { code: 'unsupported' });
  });

  /** Whatever was sent, the layer is as it was, and the next stream finds nothing of it. */
  async function refused(bytes: Buffer, why: RegExp | { readonly code: string }): Promise<void> {
    sh(far, 'echo mine >mine');
    await assert.rejects(receiving.receive(1, inPieces(bytes)), why);
    assert.equal(sh(far, 'cat mine'), 'mine\n');
    assert.deepEqual(readdirSync(far.folder), ['root.layer']);
  }

  test('one that ends too early is refused, between two commands, too', async () => {
    sh(near, 'echo text >file; head -c 200000 /dev/urandom >bulk');
    const whole = await buffer(copyOf(1));
    for (const length of [0, 5, 100, whole.length / 2, whole.length - 11, whole.length - END.length])
      await refused(whole.subarray(0, length), /ends too early|could not receive/);
    await refused(Buffer.concat([whole, Buffer.from('more')]), { code: 'invalid' });
    const altered = Buffer.from(whole);
    altered[whole.length / 2] = (altered[Math.floor(whole.length / 2)] ?? 0) ^ 1;
    altered[150] = (altered[150] ?? 0) ^ 1;
    await refused(altered, /could not receive/);
    await refused(Buffer.from('no stream at all, but long enough to be one'), /could not receive/);
  });

  test('one that is based on what is not there is refused', async () => {
    sh(near, 'echo text >file');
    await buffer(copyOf(1));
    const second = await buffer(copyOf(2));
    await refused(second, /could not receive/);
  });

  const made: readonly Command[] = [
    ['subvol', { path: '1', uuid: Buffer.alloc(16, 7), ctransid: 1n }],
    ['mkdir', { path: 'upper', ino: 257n }],
    ['mkdir', { path: 'work', ino: 258n }],
  ];
  const hostile: Readonly<Record<string, { readonly commands: readonly Command[]; readonly why: RegExp }>> = {
    'a device': {
      commands: [['mknod', { path: 'upper/disk', ino: 259n, mode: 0o60600n, rdev: 0x700n }]],
      why: /mknod .*Operation not permitted/,
    },
    'by a link of its own into the host': {
      commands: [
        ['symlink', { path: 'upper/out', ino: 259n, linkTo: '/usr' }],
        ['mkfile', { path: 'upper/out/hostile', ino: 260n }],
      ],
      why: /Read-only file system/,
    },
    'by names above it': {
      commands: [['truncate', { path: '../../usr/bin/env', size: 0n }]],
      why: /Read-only file system/,
    },
    'to a file of the host that is not there': {
      commands: [['unlink', { path: '../../etc/passwd' }]],
      why: /unlink .*No such file/,
    },
    'a copy of what nobody sent': {
      commands: [
        ['mkfile', { path: 'upper/x', ino: 259n }],
        [
          'clone',
          {
            ...{ fileOffset: 0n, cloneLength: 4096n, path: 'upper/x', cloneUuid: Buffer.alloc(16, 9) },
            ...{ cloneTransid: 1n, clonePath: 'upper/mine', cloneOffset: 0n },
          },
        ],
      ],
      why: /clone: did not find source subvol/,
    },
  };
  for (const [what, { commands, why }] of Object.entries(hostile))
    test(`a stranger's stream is refused that writes ${what}`, async () => {
      await refused(streamOf([...made, ...commands]), why);
      assert.ok(!existsSync('/usr/hostile'));
      assert.ok(statSync('/usr/bin/env').size > 0);
    });

  test("a stranger's stream is refused that has another name, or is no layer", async () => {
    const [[, first]] = made as readonly [Command];
    await refused(streamOf([['subvol', { ...first, path: '2' }], ...made.slice(1)]), /could not receive/);
    await refused(streamOf([['subvol', { ...first, path: 'layer' }], ...made.slice(1)]), /could not receive/);
    await refused(streamOf([['subvol', { ...first, path: '../1' }], ...made.slice(1)]), /could not receive/);
    await refused(streamOf(made.slice(0, 1)), /it has no files of a container/);
    const link: Command = ['symlink', { path: 'upper', ino: 257n, linkTo: '/usr' }];
    await refused(streamOf([...made.slice(0, 1), link]), /it has no files of a container/);
  });

  test('as it is, such a stream is taken', async () => {
    await receiving.receive(1, inPieces(streamOf(made)));
    assert.deepEqual(readdirSync(join(treePath(far), 'upper')), []);
    writeFileSync(join(treePath(far), 'upper', 'x'), 'x');
    assert.equal(readFileSync(join(treePath(far), 'upper', 'x'), 'utf8'), 'x');
    assert.equal(commandOf('end', {}).compare(END), 0);
  });
});
