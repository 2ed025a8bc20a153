// A domain's definition with its root file system from a large template, against unpacking that template by tar.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withDaemon } from '../daemon.mjs';
import { debianArchive } from '../debian-archive.mjs';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';

const run = promisify(execFile);

/** @type {import('../measure.mjs').Row} */
export const define = {
  name: 'define',
  run: ({ note, rounds = 3 }) =>
    withDaemon(async (daemon) => {
      const { domains, templates } = daemon.client;
      const { path, about } = await debianArchive(note);
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      note('importing the large template');
      const large = await templates.import({ template: 'large', body: { source: path } });
      /** @param {string} template */
      const defineFrom = (template) => async () => {
        const took = await timed(() => domains.define({ body: sleepingDomain('one', template) }));
        await domains.undefine({ domain: 'one', storage: true });
        return took;
      };
      const target = join(daemon.folder, 'unpacked');
      const sides = {
        ours: defineFrom('large'),
        theirs: async () => {
          mkdirSync(target);
          const argv = [
            '--extract',
            '--numeric-owner',
            '--preserve-permissions',
            '--file',
            path,
            '--directory',
            target,
          ];
          const took = await timed(() => run('tar', argv));
          await rm(target, { recursive: true });
          return took;
        },
      };
      await defineFrom('large')();
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      const sizes = await byTurns(
        10 * rounds,
        { ours: defineFrom('large'), theirs: defineFrom('busybox') },
        note,
      );
      const [big, small] = [median(sizes.ours), median(sizes.theirs)];
      const size = `${Math.round(large.unpackedBytes / 1e6)} MB, ${large.inodes} files (${about})`;
      return [
        {
          what: `define + root from a template of ${size}, against tar`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1/50',
          ok: ours / theirs <= 1 / 50,
          times,
        },
        {
          what: 'the same, against define + root from the busybox template of 2 MB',
          ours: ms(big),
          theirs: ms(small),
          ratio: big / small,
          reach: '≤ 1.25 ×',
          ok: big / small <= 1.25,
          times: sizes,
        },
      ];
    }),
};
