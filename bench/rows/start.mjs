// Start of a defined domain through the daemon's socket, against lxc-start of an equal container.
// SPDX-License-Identifier: Apache-2.0
import { mountBare, prepareBare, startBare, stopBare, unmountBare } from '../bare.mjs';
import { withDaemon } from '../daemon.mjs';
import { sleeper, sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';

/** @type {import('../measure.mjs').Row} */
export const start = {
  name: 'start',
  run: ({ note, rounds = 50 }) =>
    withDaemon(async (daemon) => {
      const { domains, templates } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      await domains.define({ body: sleepingDomain('one') });
      await domains.start({ domain: 'one' });
      await prepareBare(daemon, 'one');
      await domains.destroy({ domain: 'one' });
      const sides = {
        ours: async () => {
          const took = await timed(() => domains.start({ domain: 'one' }));
          await domains.destroy({ domain: 'one' });
          return took;
        },
        theirs: async () => {
          await mountBare(daemon, 'one', 'busybox');
          const took = await timed(() => startBare(daemon, 'one', sleeper));
          await stopBare(daemon, 'one');
          unmountBare(daemon, 'one');
          return took;
        },
      };
      await byTurns(5, sides); // the first few pay for what later ones find ready
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      return [
        {
          what: `start of a sleeping domain, median of ${rounds}, against lxc-start`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1.5 ×',
          ok: ours / theirs <= 1.5,
          times,
        },
      ];
    }),
};
