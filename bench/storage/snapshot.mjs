// A snapshot of a container of 2 GB that runs, in an image on XFS: the whole command against an empty one, and how long writes waited.
// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';
import { ctvirt, exec, inside, withRoots } from './sides.mjs';

const limited = "<space_hard_limit unit='GiB'>6</space_hard_limit>";

/** Most of a freeze is what the disk takes to have written the journal: this says how long, and copies as one does by hand. */
const BY_HAND = `dd if=/dev/urandom of="$1/more" bs=1M count=20 status=none && sync -f "$1"
  began=$(date +%s%N)
  fsfreeze -f "$1"
  cp --reflink=always "$2" "$2.copy"
  fsfreeze -u "$1"
  echo $((($(date +%s%N) - began) / 1000000))
  rm "$2.copy"`;

/**
 * An image beside the domain's, mounted; how many milliseconds a copy of it by hand holds its writers.
 *
 * @template T
 * @param {import('../daemon.mjs').Daemon} daemon
 * @param {(frozen: () => Promise<number>) => Promise<T>} work
 */
async function withImage({ folder, layout }, work) {
  const [image, mounted] = [join(layout.roots, '.by-hand.img'), join(folder, 'by-hand')];
  mkdirSync(mounted);
  await exec('truncate', ['-s', '1G', image]);
  await exec('mkfs.ext4', ['-q', image]);
  await exec('mount', ['-o', 'loop', image, mounted]);
  try {
    return await work(async () => Number((await exec('sh', ['-c', BY_HAND, 'sh', mounted, image])).stdout));
  } finally {
    await exec('umount', [mounted]);
    rmSync(image);
  }
}

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
      /** @type {number[]} */
      const byHand = [];
      const sides = (/** @type {() => Promise<number>} */ held) => ({
        ours: async () => {
          await inside(daemon, 'big', 'dd', 'if=/dev/urandom', 'of=/more', 'bs=1M', 'count=20');
          let said = '';
          const took = await timed(async () => {
            said = (await ctvirt(daemon, 'snapshot', 'create', 'big', 'one', '--json')).stdout;
          });
          frozen.push(JSON.parse(said).frozenMs);
          await ctvirt(daemon, 'snapshot', 'delete', 'big', 'one');
          byHand.push(await held());
          return took;
        },
        theirs: () => timed(() => ctvirt(daemon, 'version')),
      });
      const times = await withImage(daemon, (held) => byTurns(rounds, sides(held), note));
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      const [worst, worstByHand] = [Math.max(...frozen), Math.max(...byHand)];
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
          what: 'the longest that its writes waited, against fsfreeze and cp --reflink by hand',
          ours: ms(worst),
          theirs: ms(worstByHand),
          ratio: worst / worstByHand,
          reach: '≤ 20 ms',
          ok: worst <= 20,
          times: { ours: frozen, theirs: byHand },
        },
      ];
    }),
};
