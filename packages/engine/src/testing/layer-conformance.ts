// What every way of keeping a layer has to be able to do, on the real kernel: each layer's own test runs all of this.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { hasCapability } from '../host/own-limits.js';
import { run } from '../host/run.js';
import { changesBetween } from '../storage/changed-files.js';
import { clear, copyLayer, type LayerName, layerFile, layers, occupiedAt } from '../storage/layers/index.js';
import type { Copying, Layer, LayerIds, Place } from '../storage/layers/layer.js';
import { atMoment } from '../storage/moment.js';
import { ownership } from './layer-ids.js';
import { killIn, timeOf } from './layer-process.js';
import type { Operation } from './layer-worker.js';
import { FIRST_ID, isFull, type LayerGround, LayerWorld, limit, MiB, mapFrom } from './layer-world.js';

export interface Conforming {
  readonly name: LayerName;
  readonly ground?: LayerGround;
  /** Why it cannot be had on this host. */
  readonly skip?: string | false;
  /** Whether it keeps limits; of the others only files are asked. */
  readonly isLimited: boolean;
  /** Whether a limit beyond what it was made for takes CAP_SYS_RESOURCE while it is open. */
  readonly growsByCapability?: boolean;
  /** Whether no limit can be less than what it holds. */
  readonly leastIsHeld?: boolean;
  /** Where a growth takes more than one step. */
  readonly growth?: Growth;
  /** Whether it lies on whatever the host has, so that any file system, and a full one, must do. */
  readonly isAnywhere?: boolean;
  /** Breaks something that a start repairs; missing where the host's own file system would be what is broken. */
  readonly damage?: (place: Place) => void;
}

interface Growth {
  /** Does the first step, as for 40 MiB. */
  readonly begin: (place: Place) => void;
  /** Throws where something is wrong with what lies there, while it is not open. */
  readonly check: (place: Place) => void;
}

/** Each way can hold both kinds of ids: new layers have the container's, those of earlier versions the host's. */
export function conformance(subject: Conforming): void {
  for (const ids of ['host', 'container'] as const) conformanceWith(ids, subject);
}

function conformanceWith(ids: LayerIds, { skip = false, ...given }: Conforming): void {
  const subject = { ...given, ground: { ...given.ground, ids } };
  suite(`a layer kept as ${subject.name} with ids of the ${ids}`, { skip }, () => {
    files(subject);
    ownership({ ids, wanted: first(subject), inWorld: (use) => inWorld(subject, use) });
    if (subject.isLimited) limits(subject);
    if (subject.growth !== undefined) unfinished(subject, subject.growth);
    copies(subject);
    kills(subject);
    if (subject.isAnywhere === true) fullHost(subject);
    if (subject.damage !== undefined) damages(subject, subject.damage);
  });
}

const layerOf = ({ name }: Conforming): Layer => layers[name];

/** A world for one test; whatever the test did, nothing may be held of the host after it. */
async function inWorld(
  subject: Conforming,
  use: (world: LayerWorld) => Promise<void>,
  ground = subject.ground,
): Promise<void> {
  const world = new LayerWorld(layerOf(subject), ground);
  try {
    await use(world);
    await world.assertNothingHeld();
  } finally {
    await world.close();
  }
}

const first = (subject: Conforming) => (subject.isLimited ? limit(16) : undefined);

function files(subject: Conforming): void {
  test('what is written is there at the next start, above what the template has', () =>
    inWorld(subject, async (world) => {
      const bytes = first(subject);
      await world.create(bytes);
      await world.run(bytes, (container) => {
        container.put('above', 'mine');
        container.put('below', 'changed');
      });
      await world.assertNothingHeld();
      await world.run(bytes, (container) => {
        assert.deepEqual([container.read('above'), container.read('below')], ['mine', 'changed']);
      });
      assert.deepEqual(world.told, []);
    }));

  test('its root is owned as in the template, by the ids of the container', () =>
    inWorld(subject, async (world) => {
      await world.create(first(subject));
      const owner = await world.run(first(subject), (container) => container.owner());
      assert.equal(owner, `${FIRST_ID}:${FIRST_ID} 751`);
    }));

  test('the lease of an earlier version does not name it, and it is found', () =>
    inWorld(subject, async (world) => {
      await world.create(first(subject));
      const found = Object.entries(layers).filter(([, layer]) => layer.isAt(world.place));
      // A folder with a project is a folder, too.
      assert.ok(found.some(([name]) => name === subject.name));
      assert.ok(found.every(([name]) => name === subject.name || name === 'folder'));
    }));

  test('nothing of it lies where it does not say so', () =>
    inWorld(subject, async (world) => {
      await world.create(first(subject));
      await world.run(first(subject), () => undefined);
      const own = layerOf(subject).files(world.place);
      for (const name of readdirSync(world.place.folder))
        assert.ok(own.includes(join(world.place.folder, name)), name);
    }));
}

function copies(subject: Conforming): void {
  const unheld = async (work: () => Promise<void>): Promise<number> => {
    await work();
    return 1;
  };

  test('a copy has what was there at that moment, open or not, and can be opened in its place', () =>
    inWorld(subject, async (world) => {
      const bytes = first(subject);
      const [kept, again] = [join(world.roots, 'kept'), join(world.roots, 'again')];
      for (const folder of [kept, again]) mkdirSync(folder);
      const { place } = world;
      const layer = layerOf(subject);
      const copy = (from: Place, to: Place, more: Partial<Copying> = {}) =>
        atMoment(world.mounts, (mounts) => copyLayer(layer, from, to, { hold: unheld, mounts, ...more }));
      await world.create(bytes);
      await world.run(bytes, async (container) => {
        container.put('file', 'then');
        assert.notEqual(await copy(place, { ...place, folder: kept }), null);
        container.put('file', 'now');
        assert.equal(
          await atMoment(world.mounts, async (mounts) => (await layer.letGo?.(place, mounts)) ?? false),
          false,
        );
        await atMoment(world.mounts, async (mounts) => {
          const look = async (at: Place, as: string) => await layer.look(at, { mounts, as });
          const found = await changesBetween({
            before: await look({ ...place, folder: kept }, 'before'),
            after: await look(place, 'after'),
            template: world.model,
            since: new Date(0),
            mounts: mounts(),
          });
          assert.deepEqual(found, [{ change: 'changed', kind: 'file', path: '/file' }]);
        });
      });
      await world.assertNothingHeld();
      assert.ok(Number.isInteger(await layer.occupied(place)));
      const { capacity, allocation } = await occupiedAt(layerFile(place, subject.name) ?? assert.fail());
      assert.ok(
        allocation > 0 && (bytes === undefined || capacity <= 24 * MiB),
        `${allocation} of ${capacity}`,
      );
      // Nothing of what is only kept counts.
      await copy({ ...place, folder: kept }, { ...place, folder: again }, { toRun: subject.ground ?? {} });
      await clear(place);
      for (const name of readdirSync(again)) renameSync(join(again, name), join(place.folder, name));
      await world.run(bytes, (container) => assert.equal(container.read('file'), 'then'));
      assert.deepEqual(world.told, []);
    }));
}

/** About what was asked for: what a file system itself needs is little, and set aside in whole MiB. */
function assertRoom(got: number, mebibytes: number): void {
  assert.ok(
    got <= mebibytes * MiB + MiB / 2 && got > mebibytes * MiB * 0.8,
    `${got / MiB} of ${mebibytes} MiB`,
  );
}

function limits(subject: Conforming): void {
  for (const mebibytes of [4, 8, 16, 60])
    test(`${mebibytes} MiB are that much and no more, and what was removed can be written again`, () =>
      inWorld(subject, async (world) => {
        await world.create(limit(mebibytes));
        await world.run(limit(mebibytes), (container) => {
          assertRoom(container.write('file', 2 * mebibytes * MiB), mebibytes);
          container.remove('file');
          assertRoom(container.write('file', 2 * mebibytes * MiB), mebibytes);
        });
        // One that is full starts all the same.
        await world.run(limit(mebibytes), (container) => container.remove('file'));
        assert.deepEqual(world.told, []);
      }));

  test('files are counted, and one that has as many as it may starts all the same; or such a limit is refused by name', () =>
    inWorld(subject, async (world) => {
      const wanted = limit(16, 300);
      if (
        !layerOf(subject).suits({
          ...subject.ground,
          roots: world.roots,
          limit: wanted,
          map: mapFrom(FIRST_ID),
        })
      ) {
        await world.create(limit(16));
        await assert.rejects(
          world.run(wanted, () => undefined),
          { code: 'unsupported' },
        );
        return await world.run(limit(16), () =>
          assert.rejects(world.relimit(wanted), { code: 'unsupported' }),
        );
      }
      await world.create(wanted);
      const made = await world.run(wanted, (container) => container.makeFiles(1000));
      assert.ok(made > 250 && made <= 350, `${made} files`);
      await world.run(wanted, (container) => container.remove('f0'));
    }));

  test('lower while it is open: in force at once, what is there stays; higher again', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      await world.run(limit(16), async (container) => {
        await world.relimit(limit(10));
        assertRoom(container.write('file', 16 * MiB), 10);
        await world.relimit(limit(16));
        assertRoom(container.write('file', 32 * MiB), 16);
        if (subject.leastIsHeld === true) {
          await assert.rejects(world.relimit(limit(12)), { code: 'unsupported' });
          container.remove('file');
          return await world.relimit(limit(12));
        }
        await world.relimit(limit(12));
        assert.equal(container.write('more', MiB), 0);
        assert.equal(container.read('below'), 'below');
        container.remove('more');
      });
      await world.run(limit(12), (container) => {
        container.remove('file');
        assertRoom(container.write('file', 16 * MiB), 12);
      });
    }));

  test('much lower while it is open: in force, or refused by name with the old one in force', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      await world.run(limit(16), async (container) => {
        const isDone = await world.relimit(limit(4)).then(
          () => true,
          (error: unknown) => {
            assert.ok(error instanceof Error && 'code' in error && error.code === 'unsupported');
            return false;
          },
        );
        assertRoom(container.write('file', 32 * MiB), isDone ? 4 : 16);
      });
    }));

  test('put back much lower while it is open: in force, or as much of it as can be, and told', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(40));
      await world.run(limit(40), async (container) => {
        await world.putBack(limit(4));
        const isWhole = world.told.length === 0;
        if (!isWhole) assert.match(world.told.splice(0).join(), /until the next start/);
        const got = container.write('file', 64 * MiB);
        if (isWhole) assertRoom(got, 4);
        else assert.ok(got < 22 * MiB, `${got / MiB} MiB`);
        container.remove('file');
      });
      await world.run(limit(4), (container) => assertRoom(container.write('file', 8 * MiB), 4));
      assert.deepEqual(world.told, []);
    }));

  test('higher than ever while it is open, where this daemon may', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      await world.run(limit(16), async (container) => {
        const more = world.relimit(limit(40));
        if (subject.growsByCapability === true && !hasCapability('sysResource')) {
          await assert.rejects(more, { code: 'denied' });
          return assertRoom(container.write('file', 40 * MiB), 16);
        }
        await more;
        assertRoom(container.write('file', 64 * MiB), 40);
      });
    }));

  test('changed while it is off: higher, then as low as its files allow', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(8));
      await world.run(limit(8), (container) => container.put('kept', 'kept'));
      await world.run(limit(40), (container) => assertRoom(container.write('file', 64 * MiB), 40));
      // What does not fit is refused, or held with nothing more to be written; nothing is lost by it.
      await world
        .run(limit(8), (container) => assert.equal(container.write('more', MiB), 0))
        .catch((error: unknown) => assert.ok(isFull(error), String(error)));
      await world.run(limit(40), (container) => container.remove('file'));
      await world.run(limit(8), (container) => {
        assertRoom(container.write('file', 32 * MiB), 8);
        assert.equal(container.read('kept'), 'kept');
      });
    }));

  test('a limit below the one it is opened with can be in force from the first moment on', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      await world.run(
        limit(16),
        async (container) => {
          assertRoom(container.write('file', 32 * MiB), 10);
          await world.relimit(limit(16));
          assertRoom(container.write('file', 32 * MiB), 16);
        },
        { inForce: limit(10) },
      );
    }));

  test('what it holds is told, open and at rest', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      const empty = (await world.usage()) ?? assert.fail('nothing tells');
      const open = await world.run(limit(16), (container) => {
        container.write('file', 5 * MiB);
        return container.usage();
      });
      const full = (await world.usage()) ?? assert.fail('nothing tells');
      assert.ok(
        Math.abs(full.bytes - empty.bytes - 5 * MiB) < MiB / 4,
        `${full.bytes - empty.bytes} bytes more`,
      );
      // The file; at the first start overlay's own folder, too.
      const more = (full.inodes ?? Number.NaN) - (empty.inodes ?? Number.NaN);
      assert.ok(full.inodes === undefined || (more >= 1 && more <= 3), `${more} files more`);
      if (!layerOf(subject).keeping(world.place).isWhole) return;
      assert.ok(Math.abs(open.bytes - full.bytes) < MiB / 4, `${open.bytes} open, ${full.bytes} at rest`);
    }));
}

/** A growth that was interrupted, in a container that goes on. */
function unfinished(subject: Conforming, { begin, check }: Growth): void {
  for (const mebibytes of [10, 16, 40])
    test(`${mebibytes} MiB after a growth of 16 was interrupted while it is open: nothing is lost, now or at the next start`, () =>
      inWorld(subject, async (world) => {
        await world.create(limit(16));
        await world.run(limit(16), async (container) => {
          container.put('first', 'precious');
          assert.equal(container.write('file', 9 * MiB), 9 * MiB);
          container.put('last', 'precious');
          begin(world.place);
          const more = world.relimit(limit(mebibytes));
          if (mebibytes > 16 && !hasCapability('sysResource')) await assert.rejects(more, { code: 'denied' });
          else await more;
          assert.deepEqual([container.read('first'), container.read('last')], ['precious', 'precious']);
          container.put('first', 'changed');
        });
        await world.assertNothingHeld();
        check(world.place);
        await world.run(limit(mebibytes), (container) => {
          assert.deepEqual([container.read('first'), container.read('last')], ['changed', 'precious']);
          container.remove('file');
          assertRoom(container.write('file', 64 * MiB), mebibytes);
        });
        await world.assertNothingHeld();
        check(world.place);
        assert.deepEqual(world.told, []);
      }));
}

/** Spread over the time that the operation takes when nobody disturbs it. */
const KILLS = 6;
function kills(subject: Conforming): void {
  const operation = (
    world: LayerWorld,
    what: Operation['what'],
    from = first(subject),
    to = limit(10),
  ): Operation => ({
    layer: subject.name,
    what,
    place: world.place,
    making: world.making(from),
    mounts: world.mounts,
    limit: to,
  });
  const moments = (took: number): number[] => Array.from({ length: KILLS }, (_, at) => (took * at) / KILLS);

  test('killed while it is made: made anew by the next, with nothing left of the first', () =>
    inWorld(subject, async (world) => {
      const making = operation(world, 'create');
      for (const moment of moments(await timeOf(making))) {
        await killIn(making, moment);
        await world.create(first(subject));
        await world.run(first(subject), (container) => container.put('file', 'whole'));
        const own = layerOf(subject).files(world.place);
        const left = readdirSync(world.place.folder).map((name) => join(world.place.folder, name));
        assert.ok(left.length === 1 && left.every((path) => own.includes(path)), left.join());
      }
    }));

  if (!subject.isLimited) return;
  test('killed while it is opened for a larger limit: the next start has all of it', () =>
    inWorld(subject, async (world) => {
      const opening = operation(world, 'open', limit(40));
      const anew = async (): Promise<void> => {
        await world.create(limit(16));
        await world.run(limit(16), (container) => container.put('file', 'precious'));
      };
      await anew();
      for (const moment of moments(await timeOf(opening))) {
        await anew();
        await killIn(opening, moment);
        await world.run(limit(40), (container) => {
          assert.equal(container.read('file'), 'precious');
          assertRoom(container.write('more', 64 * MiB), 40);
        });
        await world.assertNothingHeld();
      }
    }));

  test('killed while its limit is changed: the next start has the one of its document', () =>
    inWorld(subject, async (world) => {
      await world.create(limit(16));
      await world.run(limit(16), (container) => container.put('file', 'precious'));
      const changing = operation(world, 'relimit', limit(16), limit(10));
      for (const moment of moments(await timeOf(changing))) {
        await killIn(changing, moment);
        await world.assertNothingHeld();
        for (const mebibytes of [16, 10])
          await world.run(limit(mebibytes), (container) => {
            assert.equal(container.read('file'), 'precious');
            assertRoom(container.write('more', 32 * MiB), mebibytes);
            container.remove('more');
          });
      }
    }));
}

/** Smaller than the layer may become. */
const SMALL_HOST_MIB = 12;

function fullHost(subject: Conforming): void {
  const onSmallHost = async (use: (world: LayerWorld, fill: () => () => void) => Promise<void>) => {
    const parent = mkdtempSync(join(tmpdir(), 'cvlayer-disk-'));
    const disk = `${parent}.img`;
    writeFileSync(disk, '');
    truncateSync(disk, SMALL_HOST_MIB * MiB);
    await run(['/usr/sbin/mkfs.ext4', '-q', '-F', '-m', '0', '-O', '^has_journal', disk]);
    await run(['/bin/mount', '-o', 'loop', disk, parent]);
    try {
      await inWorld(subject, (world) => use(world, () => fillUp(join(parent, 'filler'))), {
        ...subject.ground,
        parent,
      });
    } finally {
      await run(['/bin/umount', parent]);
      rmSync(parent, { recursive: true });
      rmSync(disk);
    }
  };

  test('the disk of the host full while it is made: refused as that, and nothing is left', () =>
    onSmallHost(async (world, fill) => {
      const free = fill();
      await assert.rejects(world.create(first(subject)), isFull);
      assert.deepEqual(readdirSync(world.place.folder), []);
      free();
      await world.create(first(subject));
      await world.run(first(subject), (container) => container.put('file', 'whole'));
    }));

  test('the disk of the host full while it is written to: what was there stays, and the next start is in order', () =>
    onSmallHost(async (world, fill) => {
      await world.create(first(subject));
      await world.run(first(subject), (container) => container.put('file', 'precious'));
      const free = fill();
      await world
        .run(first(subject), (container) => void container.write('more', 2 * MiB))
        .catch((error: unknown) => assert.ok(isFull(error), String(error)));
      free();
      await world.run(first(subject), (container) => {
        assert.equal(container.read('file'), 'precious');
        assert.equal(container.write('again', MiB), MiB);
      });
    }));
}

/** Takes all there is, to the last block; returns what gives it back. */
function fillUp(path: string): () => void {
  const file = openSync(path, 'w');
  try {
    for (let bytes = MiB; bytes >= 1; bytes = Math.floor(bytes / 2)) writeAll(file, Buffer.alloc(bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

function writeAll(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

function damages(subject: Conforming, damage: (place: Place) => void): void {
  test('damaged: repaired by the next start, which tells, and then in order', () =>
    inWorld(subject, async (world) => {
      await world.create(first(subject));
      await world.run(first(subject), (container) => container.put('file', 'precious'));
      await world.assertNothingHeld();
      damage(world.place);
      await world.run(first(subject), (container) => {
        assert.equal(container.read('file'), 'precious');
        assert.equal(container.write('again', MiB), MiB);
      });
      assert.match(world.told.join(), /repaired/);
      world.told.length = 0;
      await world.run(first(subject), () => undefined);
      assert.deepEqual(world.told, []);
    }));
}
