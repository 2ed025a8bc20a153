// A clone of a domain of 330 MB: on btrfs and in an image on XFS against a definition from the template, else against cp -a of the layer.
// SPDX-License-Identifier: Apache-2.0
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';
import { fill } from './filled.mjs';
import { ctvirt, exec, withRoots } from './sides.mjs';

/** @type {(what: string, ours: number, theirs: number, reach: number) => import('../measure.mjs').Result} */
const row = (what, ours, theirs, reach) => ({
  what,
  ours: ms(ours),
  theirs: ms(theirs),
  ratio: ours / theirs,
  reach: `≤ ${reach} ×`,
  ok: ours / theirs <= reach,
});

/** @type {import('../measure.mjs').Row} */
export const clone = {
  name: 'clone',
  async run({ note, rounds = 7 }) {
    /** @param {import('../daemon.mjs').Daemon} daemon */
    const ours = async (daemon) => {
      const took = await timed(() => ctvirt(daemon, 'clone', 'one', 'two'));
      await daemon.client.domains.undefine({ domain: 'two', storage: true });
      return took;
    };
    /** @param {'xfs' | 'btrfs'} kind @param {string} limits */
    const shared = (kind, limits) =>
      withRoots(kind, async (daemon) => {
        await fill(daemon, 'one', { limits });
        const file = join(daemon.folder, 'three.xml');
        writeFileSync(file, sleepingDomain('three', 'busybox', '', limits));
        return await byTurns(
          rounds,
          {
            ours: () => ours(daemon),
            theirs: async () => {
              const took = await timed(() => ctvirt(daemon, 'define', file));
              await daemon.client.domains.undefine({ domain: 'three', storage: true });
              return took;
            },
          },
          note,
        );
      });
    const subvolumes = await shared('btrfs', '');
    const images = await shared('xfs', "<space_hard_limit unit='GiB'>2</space_hard_limit>");
    const copied = await withRoots('plain', async (daemon) => {
      await fill(daemon, 'one');
      const copy = join(daemon.folder, 'copy');
      return await byTurns(
        rounds,
        {
          ours: () => ours(daemon),
          theirs: async () => {
            const took = await timed(() =>
              exec('cp', ['-a', join(daemon.layout.roots, 'one', 'root.layer'), copy]),
            );
            rmSync(copy, { recursive: true });
            return took;
          },
        },
        note,
      );
    });
    return [
      row(
        'clone of 330 MB in 11,000 files on btrfs, against a definition from the template',
        median(subvolumes.ours),
        median(subvolumes.theirs),
        1.5,
      ),
      row('the same in an image on XFS', median(images.ours), median(images.theirs), 1.5),
      row(
        'the same where nothing can be shared, against cp -a of the layer',
        median(copied.ours),
        median(copied.theirs),
        1.2,
      ),
    ];
  },
};
