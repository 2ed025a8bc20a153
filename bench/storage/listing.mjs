// virsh lists a thousand snapshots, beyond what it takes to say its own version.
// SPDX-License-Identifier: Apache-2.0
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, sideBySide, timed } from '../measure.mjs';
import { uriOf } from '../net/sides.mjs';
import { exec, withRoots } from './sides.mjs';

/** @type {import('../measure.mjs').Row} */
export const listing = {
  name: 'list',
  run: ({ note, rounds = 9, count = 1000 }) =>
    withRoots('xfs', async (daemon) => {
      const { client } = daemon;
      await client.domains.define({ body: sleepingDomain('one') });
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      await sideBySide(1, names, async (name) => {
        note(name);
        await client.snapshots.create({ domain: 'one', body: { name } });
      });
      /** @param {string[]} args */
      const virsh = (...args) => exec('virsh', ['-c', uriOf(daemon), ...args], { maxBuffer: 16 << 20 });
      const times = await byTurns(
        rounds,
        {
          ours: () => timed(() => virsh('snapshot-list', 'one')),
          theirs: () => timed(() => virsh('domstate', 'one')),
        },
        note,
      );
      const beyond = median(times.ours) - median(times.theirs);
      return [
        {
          what: `virsh snapshot-list of ${count}, beyond virsh domstate`,
          ours: ms(beyond),
          theirs: ms(median(times.theirs)),
          reach: '≤ 300 ms',
          ok: beyond <= 300,
          times,
        },
      ];
    }),
};
