// A domain of 330 MB in 11,000 files written as an archive and read again, against tar and zstd by hand.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { byTurns, median, ms, timed } from '../measure.mjs';
import { fill } from './filled.mjs';
import { ctvirt, exec, withRoots } from './sides.mjs';

const whole = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--acls', '--sparse'];

/** @type {import('../measure.mjs').Row} */
export const archive = {
  name: 'archive',
  run: ({ note, rounds = 5 }) =>
    withRoots('plain', async (daemon) => {
      await fill(daemon, 'one');
      const layer = join(daemon.layout.roots, 'one', 'root.layer', 'upper');
      const [file, plain, back] = ['one.ctvirt.tar.zst', 'one.tar.zst', 'back'].map((name) =>
        join(daemon.folder, name),
      );
      const times = await byTurns(
        rounds,
        {
          ours: async () => {
            const took = await timed(async () => {
              await ctvirt(daemon, 'export', 'one', file);
              await ctvirt(daemon, 'import', file, '--name', 'two', '--new-ids');
            });
            await daemon.client.domains.undefine({ domain: 'two', storage: true });
            rmSync(file);
            return took;
          },
          theirs: async () => {
            mkdirSync(back);
            const took = await timed(async () => {
              await exec('tar', ['-C', layer, ...whole, '-I', 'zstd -3', '-cf', plain, '.']);
              await exec('tar', ['-C', back, ...whole, '-I', 'zstd', '-xf', plain]);
              await exec('sync', ['-f', back]);
            });
            rmSync(back, { recursive: true });
            rmSync(plain);
            return took;
          },
        },
        note,
      );
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      return [
        {
          what: 'export and import of 330 MB in 11,000 files, against tar and zstd and back',
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1.2 ×',
          ok: ours / theirs <= 1.2,
          times,
        },
      ];
    }),
};
