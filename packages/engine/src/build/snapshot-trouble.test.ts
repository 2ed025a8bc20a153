// What holds of snapshots when things go wrong, one test an event; kills are in snapshot-kills.test.ts and storage/ext4/freeze.test.ts.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { MemoryDriver } from '../drivers/memory/driver.js';
import { isFault } from '../errors.js';
import { layoutOf } from '../state/layout.js';
import { documentPathIn, openMemoryEngine } from '../testing/memory-engine.js';

const skip = process.getuid?.() === 0 ? false : "a daemon obeys root's files alone";
const MiB = 1 << 20;

const xmlOf = (name: string): string =>
  `<domain type='lxc'><name>${name}</name><memory unit='MiB'>64</memory><os><type>exe</type></os>` +
  "<devices><filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem></devices></domain>";

suite('snapshots in trouble', { skip }, () => {
  /** On a disk of so many MiB, with a domain that has a file of 8 MiB. */
  async function onDisk(
    mebibytes: number,
    use: (
      world: Awaited<ReturnType<typeof openMemoryEngine>> & {
        home: string;
        log: string[];
        driver: MemoryDriver;
      },
    ) => Promise<void>,
  ): Promise<void> {
    const root = mkdtempSync(join(tmpdir(), 'cvst'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'small', root]);
    const layout = layoutOf(root);
    const log: string[] = [];
    try {
      const driver = new MemoryDriver({ documentPath: documentPathIn(layout), isObedient: true });
      const opened = await openMemoryEngine(
        layout,
        driver,
        (level, message) => void log.push(`${level}: ${message}`),
      );
      try {
        await opened.engine.templates.buildBusybox('busybox');
        await opened.engine.define(xmlOf('a'));
        const home = join(layout.roots, 'a');
        writeFileSync(join(home, 'root.layer/upper/file'), Buffer.alloc(8 * MiB, 1));
        await use({ ...opened, home, log, driver });
      } finally {
        await opened.engine.close();
      }
    } finally {
      execFileSync('umount', [root]);
      rmSync(root, { recursive: true });
    }
  }

  const freeAt = (path: string): number => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };

  test('no room for all of it: refused with what it takes, and nothing is left', () =>
    onDisk(64, async ({ engine, home }) => {
      writeFileSync(join(home, '../../filler'), Buffer.alloc(freeAt(home) - 4 * MiB));
      const free = freeAt(home);
      await assert.rejects(engine.snapshots.create('a', { name: 'x' }), (error) => {
        assert.ok(isFault(error, 'no-space'));
        assert.match(error.message, /they hold 8\d{6} bytes, and 4\d{6} are free/);
        return true;
      });
      assert.deepEqual([engine.snapshots.list('a'), readdirSync(join(home, 'snapshots'))], [[], []]);
      assert.ok(free - freeAt(home) < MiB / 4);
    }));

  test('the disk becomes full meanwhile: the part is removed, what it was to be of is untouched, and the error says what it takes', () =>
    onDisk(64, async ({ engine, home, driver }) => {
      await engine.start('a');
      const upper = join(home, 'root.layer/upper');
      const run = driver.run('a');
      const freeze = run.freeze.bind(run);
      // It was looked for room before.
      run.freeze = async () => {
        await freeze();
        writeFileSync(join(home, '../../filler'), Buffer.alloc(freeAt(home) - 4 * MiB));
      };
      await assert.rejects(engine.snapshots.create('a', { name: 'x' }), {
        code: 'no-space',
        message: /8\d{6} bytes, and not all of them could be written/,
      });
      assert.equal(run.isFrozen, false);
      assert.equal(engine.summary('a').state, 'running');
      assert.deepEqual([engine.snapshots.list('a'), readdirSync(join(home, 'snapshots'))], [[], []]);
      assert.ok(readFileSync(join(upper, 'file')).equals(Buffer.alloc(8 * MiB, 1)));
      await engine.destroy('a');
    }));

  test('room for one more and no other is told before the next is refused', () =>
    onDisk(64, async ({ engine, home, log }) => {
      writeFileSync(join(home, '../../filler'), Buffer.alloc(freeAt(home) - 12 * MiB));
      await engine.snapshots.create('a', { name: 'x' });
      assert.match(
        log.join('\n'),
        /bytes are free where its files are copied.*the next copy may find no room/,
      );
      await assert.rejects(engine.snapshots.create('a', { name: 'y' }), { code: 'no-space' });
      await assert.rejects(engine.snapshots.revert('a', 'x'), { code: 'no-space' });
      assert.deepEqual(
        readdirSync(home).filter((name) => name.startsWith('.')),
        [],
      );
    }));

  test('a domain or a snapshot is deleted meanwhile: that waits for its turn', () =>
    onDisk(96, async ({ engine, home }) => {
      const taken = engine.snapshots.create('a', { name: 'x' });
      const deleted = taken.then(() => engine.snapshots.delete('a', 'x'));
      const gone = engine.undefine('a', { storage: true });
      await Promise.all([
        taken,
        assert.rejects(engine.snapshots.create('a', { name: 'y' }), { code: 'in-use' }),
        gone,
      ]);
      await assert.rejects(deleted, { code: 'not-found' });
      assert.throws(() => readdirSync(home), { code: 'ENOENT' });
    }));

  test('a damaged description hides one snapshot, not the others', () =>
    onDisk(96, async ({ engine, home, log }) => {
      for (const name of ['x', 'y']) await engine.snapshots.create('a', { name });
      writeFileSync(join(home, 'snapshots/x/snapshot.json'), '{');
      await engine.snapshots.describe('a', 'y', 'whole');
      assert.deepEqual(
        engine.snapshots.list('a').map(({ name, parent }) => [name, parent]),
        [['y', null]],
      );
      assert.match(log.join('\n'), /x\/snapshot\.json is damaged/);
    }));

  test('links in a layer are copied as links, and lead nobody anywhere', () =>
    onDisk(96, async ({ engine, home }) => {
      const outside = join(home, '../outside');
      mkdirSync(outside);
      symlinkSync(outside, join(home, 'root.layer/upper/link'));
      await engine.snapshots.create('a', { name: 'x' });
      await engine.snapshots.revert('a', 'x');
      await engine.snapshots.delete('a', 'x', { children: 'with' });
      assert.deepEqual(readdirSync(outside), []);
      rmSync(outside, { recursive: true });
    }));
});
