// Streams of ZFS between two pools: what arrives is the layer, and what a stranger sends changes nothing.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, beforeEach, suite, test } from 'node:test';
import { nameVolume, removeWithVolumes } from '../../host/volumes.js';
import { copyDataset, createDataset } from '../../host/zfs.js';
import { inPieces } from '../../testing/pieces.js';
import { noZfs, ZfsPool } from '../../testing/zfs-pool.js';
import { HOST_ROOT } from './ids.js';
import type { Place } from './layer.js';
import { datasetOf, namePath } from './zfs-dataset.js';
import { forgetSent, receiving, zfsStreams } from './zfs-streams.js';

test('a stream is received into a dataset that nobody mounts, with this host’s properties and no other', () => {
  const argv = receiving('tank/new@one', 'tank/old@none').join(' ');
  assert.equal(
    argv,
    'zfs receive -u -o mountpoint=legacy -o acltype=posix -o xattr=sa -o origin=tank/old@none -x setuid -x devices -x exec -x quota -x refquota -x encryption -x sharenfs -x sharesmb tank/new@one',
  );
  assert.doesNotMatch(receiving('tank/new@one', undefined).join(' '), /origin| -[sFde] /);
});

const skip = noZfs();

suite('streams of ZFS', { skip }, () => {
  const pools = skip === false ? [new ZfsPool(), new ZfsPool()] : [];
  const placeOn = (pool: ZfsPool | undefined): Place => ({
    folder: join(pool?.folder ?? '', 'domain'),
    key: 'root',
    ids: 'container',
  });
  const [near, far] = [placeOn(pools[0]), placeOn(pools[1])];
  after(() => {
    for (const pool of pools) pool[Symbol.dispose]();
  });
  const zfs = (...words: readonly string[]): Buffer =>
    execFileSync('zfs', words, { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] });
  const inDataset = (dataset: string, script: string): string => {
    const view = join(near.folder, 'view');
    mkdirSync(view, { recursive: true });
    execFileSync('mount', ['-t', 'zfs', dataset, view]);
    try {
      return execFileSync('sh', ['-ec', script], { cwd: view, encoding: 'utf8' });
    } finally {
      execFileSync('umount', [view]);
    }
  };
  const sh = (place: Place, script: string): string =>
    inDataset(datasetOf(place), `test -d upper || mkdir upper work; cd upper; ${script}`);
  beforeEach(async () => {
    for (const [at, place] of [near, far].entries()) {
      mkdirSync(place.folder);
      const name = `${pools[at]?.name}/ctvirt-first`;
      await nameVolume(namePath(place), { name });
      await createDataset(name);
      sh(place, 'true');
    }
  });
  afterEach(async () => {
    for (const { folder } of [near, far]) await removeWithVolumes(folder);
    for (const pool of pools) assert.deepEqual(pool.holds(), []);
  });

  const streamsOf = (place: Place) => zfsStreams(place) ?? assert.fail('this ZFS is too old');
  const told = (place: Place): string =>
    sh(
      place,
      "find . -printf '%P %y %m %U %G %T@ %n %l\\n' | sort; find . -type f -exec sha256sum {} + | sort",
    );
  /** Numbers of lsetxattr(2) and lgetxattr(2): not every host has programs that call them. */
  const attribute = (name: string, path: string) =>
    `perl -e 'my ($path, $name, $value) = @ARGV; exit(syscall(189, $path, $name, $value, 1, 0) == 0 ? 0 : 1)' ${path} ${name} x`;
  const hasAttribute = (name: string, path: string) =>
    `perl -e 'my ($path, $name, $value) = @ARGV; print(syscall(192, $path, $name, $value, 1) > 0 ? "yes" : "no")' ${path} ${name} x`;

  test('each copy makes the layer there what it is here, and nothing is kept of its way', async () => {
    const [sending, receivingEnd] = [streamsOf(near), streamsOf(far)];
    sh(
      near,
      `echo text >file; ln file again; ln -s /etc link; mkfifo pipe; chown 7:8 file; chmod 4750 file; mkdir -m 1777 open
       ${attribute('trusted.overlay.opaque', 'open')}; ${attribute('trusted.overlay.origin', 'open')}
       truncate -s 16M hole; head -c 3000000 /dev/urandom >bulk; touch ../more ../work/left; chmod 777 ..`,
    );
    const snapshot = join(near.folder, 'snapshots', 'one');
    mkdirSync(snapshot, { recursive: true });
    const copied = `${pools[0]?.name}/ctvirt-copy`;
    await nameVolume(join(snapshot, 'root.zfs'), { name: copied, from: datasetOf(near) });
    await copyDataset(datasetOf(near), copied);
    await receivingEnd.receive(1, sending.send({ number: 1, folder: snapshot }));
    assert.equal(told(far), told(near));
    assert.equal(sh(far, hasAttribute('trusted.overlay.opaque', 'open')), 'yes');
    assert.equal(sh(far, hasAttribute('trusted.overlay.origin', 'open')), 'no');
    assert.equal(
      sh(far, "cd ..; ls -A . work; stat -c '%a %u' . work"),
      `.:\nupper\nwork\n\nwork:\n700 0\n700 ${HOST_ROOT}\n`,
    );
    // A snapshot there, of what has come.
    const there = join(far.folder, 'snapshots', 'one');
    mkdirSync(there, { recursive: true });
    const kept = `${pools[1]?.name}/ctvirt-copy`;
    await nameVolume(join(there, 'root.zfs'), { name: kept, from: datasetOf(far) });
    await copyDataset(datasetOf(far), kept);
    for (const number of [2, 3]) {
      sh(near, `echo ${number} >>file; head -c 100 /dev/urandom | dd of=bulk conv=notrunc; rm -f pipe`);
      const stream = await buffer(sending.send({ number, folder: near.folder }));
      assert.ok(stream.length < 500_000, `${stream.length}`);
      await receivingEnd.receive(number, inPieces(stream, 7000));
      await sending.sent(number);
      assert.equal(told(far), told(near));
    }
    for (const { folder } of [near, far]) {
      await forgetSent(folder);
      assert.deepEqual(
        readdirSync(folder).filter((name) => name !== 'view'),
        ['root.zfs', 'snapshots'],
      );
    }
    assert.equal(inDataset(kept, 'cat upper/file'), 'text\n');
    assert.doesNotMatch(String(pools[0]?.holds()), /ctvirt-sent/);
    // Of those there one is shared by both: it goes with either.
    await removeWithVolumes(there);
    assert.deepEqual(pools[1]?.holds(), [datasetOf(far)]);
  });

  test('after a revert, what stands on its snapshot goes by what differs from that', async () => {
    sh(near, 'head -c 1000000 /dev/urandom >bulk');
    const snapshot = join(near.folder, 'snapshots', 'one');
    mkdirSync(snapshot, { recursive: true });
    const copied = `${pools[0]?.name}/ctvirt-copy`;
    await nameVolume(join(snapshot, 'root.zfs'), { name: copied, from: datasetOf(near) });
    await copyDataset(datasetOf(near), copied);
    zfs('promote', copied);
    sh(near, 'echo text >file');
    const sending = streamsOf(near);
    await streamsOf(far).receive(1, sending.send({ number: 1, folder: snapshot }));
    const stream = await buffer(sending.send({ number: 2, folder: near.folder }));
    assert.ok(stream.length < 500_000, `${stream.length}`);
    await streamsOf(far).receive(2, inPieces(stream));
    assert.equal(told(far), told(near));
  });

  /** Whatever was sent, the layer is as it was, and nothing else is there. */
  async function refused(bytes: Buffer, why: RegExp): Promise<void> {
    sh(far, 'echo mine >mine');
    const before = pools[1]?.holds();
    await assert.rejects(streamsOf(far).receive(1, inPieces(bytes, 1 << 16)), why);
    assert.equal(sh(far, 'cat mine'), 'mine\n');
    assert.deepEqual(pools[1]?.holds(), before);
    assert.deepEqual(readdirSync(far.folder), ['root.zfs']);
  }

  test('one that ends too early, or was altered, is refused', async () => {
    sh(near, 'head -c 300000 /dev/urandom >bulk');
    const whole = await buffer(streamsOf(near).send({ number: 1, folder: near.folder }));
    for (const length of [0, 5, 312, whole.length / 2, whole.length - 312, whole.length - 1])
      await refused(whole.subarray(0, length), /ends too early|could not receive/);
    for (const at of [60, 700, Math.floor(whole.length / 2), whole.length - 20]) {
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await refused(altered, /could not receive/);
    }
  });

  test("a stranger's stream is refused: with properties, of more than files, on another's dataset, of no layer", async () => {
    sh(near, 'echo text >file');
    const dataset = datasetOf(near);
    zfs('snapshot', `${dataset}@x`);
    for (const form of ['-R', '-p', '-w', '-c'])
      await refused(zfs('send', form, `${dataset}@x`), /is no layer's/);
    zfs('snapshot', `${dataset}@y`);
    // Another dataset of that host has what it stands on.
    const other = `${pools[1]?.name}/other`;
    execFileSync('zfs', ['receive', '-u', other], { input: zfs('send', `${dataset}@x`) });
    await refused(zfs('send', '-i', `${dataset}@x`, `${dataset}@y`), /stands on one that did not come here/);
    zfs('destroy', '-r', other);
    sh(near, 'cd ..; rm -r upper; ln -s /usr upper');
    zfs('snapshot', `${dataset}@z`);
    await refused(zfs('send', `${dataset}@z`), /it has no files of a container/);
    inDataset(dataset, 'rm upper; mkdir upper');
  });
});
