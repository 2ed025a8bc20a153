// A snapshot of a container of 2 GB that runs, in an image on XFS: the whole command against an empty one, and how long writes waited.
// SPDX-License-Identifier: Apache-2.0
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';
import { ctvirt, inside, withRoots } from './sides.mjs';

const limited = "<space_hard_limit unit='GiB'>6</space_hard_limit>";

/** @type {import('../measure.mjs').Row} */
export const snapshot = {
  name: 'snapshot',
  run: ({ note, rounds = 9, count = 2000 }) =>
    withRoots('xfs', async (daemon) => {
      await daemon.client.domains.define({ body: sleepingDomain('big', 'busybox', '', limited) });
      await daemon.client.domains.start({ domain: 'big' });
      note(`writing ${count} MB`);
      await inside(daemon, 'big', 'dd', 'if=/dev/urandom', 'of=/data', 'bs=1M', `count=${count}`);
      /** @type {number[]} */
      const frozen = [];
      const times = await byTurns(
        rounds,
        {
          ours: async () => {
            await inside(daemon, 'big', 'dd', 'if=/dev/urandom', 'of=/more', 'bs=1M', 'count=20');
            let said = '';
            const took = await timed(async () => {
              said = (await ctvirt(daemon, 'snapshot', 'create', 'big', 'one', '--json')).stdout;
            });
            frozen.push(JSON.parse(said).frozenMs);
            await ctvirt(daemon, 'snapshot', 'delete', 'big', 'one');
            return took;
          },
          theirs: () => timed(() => ctvirt(daemon, 'version')),
        },
        note,
      );
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      const worst = Math.max(...frozen);
      return [
        {
          what: `snapshot of ${count} MB in an image on XFS, 20 MB of it just written, against an empty command`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1.3 ×',
          ok: ours / theirs <= 1.3,
          times,
        },
        {
          what: 'the longest that its writes waited',
          ours: ms(worst),
          reach: '≤ 20 ms',
          ok: worst <= 20,
          frozen,
        },
      ];
    }),
};
