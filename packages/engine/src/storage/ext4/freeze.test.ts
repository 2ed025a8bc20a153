// Who is held while an image is copied goes on, whatever becomes of the daemon that copies it.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopsOver } from '../../host/disks.js';
import { newMount } from '../../host/mount-calls.js';
import { killIn, timeOf } from '../../testing/layer-process.js';
import type { Operation } from '../../testing/layer-worker.js';
import { LayerWorld, limit } from '../../testing/layer-world.js';
import { image } from '../layers/image.js';
import { atMoment } from '../moment.js';
import { type Mounted, whileFrozen } from './freeze.js';

const skip = process.getuid?.() === 0 ? false : 'only root mounts';
const KILLS = 8;

suite('an image is held while it is copied', { skip }, () => {
  const inWorld = async (use: (world: LayerWorld) => Promise<void>): Promise<void> => {
    const world = new LayerWorld(image);
    try {
      await world.create(limit(16));
      await use(world);
      await world.assertNothingHeld();
    } finally {
      await world.close();
    }
  };

  /** Its file system, found by its device. */
  const mounted = async (world: LayerWorld, use: (mounted: Mounted) => Promise<void>): Promise<void> =>
    await atMoment(world.mounts, async (mounts) => {
      const [path = ''] = image.files(world.place).filter((each) => each.endsWith('.img'));
      const [loop] = loopsOver(path);
      using disk = await newMount({ type: 'ext4', source: `/dev/${loop?.name}`, data: '', attributes: 0 });
      await use({ mounts: mounts(), folder: mounts().attach(disk, 'held'), path });
    });

  const letGo = (world: LayerWorld): Promise<boolean> =>
    atMoment(world.mounts, async (mounts) => (await image.letGo?.(world.place, mounts)) ?? false);

  test('no longer than the time for that: then the copy fails, and writes go on', () =>
    inWorld(async (world) => {
      await world.run(limit(16), async (container) => {
        await mounted(world, async (held) => {
          const late = whileFrozen(held, 1000, async () => await sleep(1500));
          await assert.rejects(late, { code: 'timeout', message: /took longer than the 1 s/ });
        });
        container.put('file', 'written');
        assert.equal(await letGo(world), false);
      });
    }));

  test('nobody else holds it meanwhile, who tries lets nobody go, and what fails lets it go', () =>
    inWorld(async (world) => {
      await world.run(limit(16), async (container) => {
        await mounted(world, async (held) => {
          const refused = { code: 'host-command', message: /cannot be held/ };
          const inner = async (): Promise<void> =>
            void (await whileFrozen(held, 5000, async () => undefined));
          await whileFrozen(held, 5000, () => assert.rejects(inner(), refused));
          await assert.rejects(whileFrozen(held, 5000, inner), refused);
        });
        container.put('file', 'written');
      });
    }));

  test('one that is found held is let go', () =>
    inWorld(async (world) => {
      await world.run(limit(16), async (container) => {
        await mounted(world, async ({ mounts, folder }) => {
          await mounts.run(['/usr/sbin/fsfreeze', '--freeze', folder]);
        });
        assert.deepEqual([await letGo(world), await letGo(world)], [true, false]);
        container.put('file', 'written');
      });
    }));

  const copying = (world: LayerWorld): Operation => ({
    layer: 'image',
    what: 'copy',
    place: world.place,
    making: world.making(limit(16)),
    mounts: world.mounts,
    limit: limit(16),
  });

  test('a daemon is killed: its guard lets writers go on', () =>
    inWorld(async (world) => {
      await world.run(limit(16), async (container) => {
        const operation = copying(world);
        const took = await timeOf(operation);
        for (let at = 0; at < KILLS; at++) {
          await killIn(operation, (took * at) / KILLS, { alone: true });
          container.put('file', String(at));
          assert.equal(await letGo(world), false);
        }
      });
    }));

  test('a daemon is killed with its guard: the next one lets writers go on', () =>
    inWorld(async (world) => {
      await world.run(limit(16), async (container) => {
        const operation = copying(world);
        const took = await timeOf(operation);
        for (let at = 0; at < KILLS; at++) {
          await killIn(operation, (took * at) / KILLS);
          await letGo(world);
          container.put('file', String(at));
        }
      });
    }));
});
