// Start of a domain whose profile limits everything, against one with no profile.
// SPDX-License-Identifier: Apache-2.0
import { withDaemon } from '../daemon.mjs';
import { byTurns, median, ms, timed } from '../measure.mjs';

const rounds = 50;
const reach = 1.25;

/** @type {(name: string, more: string) => string} */
const domain = (name, more) => `<domain type='openvz'>
  <name>${name}</name>
  ${more}
  <os><type>exe</type><init>/bin/sleep</init><initarg>infinity</initarg></os>
  <devices>
    <filesystem type='template'><source name='busybox'/><target dir='/'/></filesystem>
  </devices>
</domain>`;

/** @type {import('../measure.mjs').Row} */
export const profile = {
  name: 'profile',
  run: ({ note }) =>
    withDaemon(async (daemon) => {
      const { domains, templates } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      await domains.define({ body: domain('501', '<profile>vps.basic</profile>') });
      await domains.define({ body: domain('502', '') });
      /** @param {string} name */
      const start = (name) => async () => {
        const took = await timed(() => domains.start({ domain: name }));
        await domains.destroy({ domain: name });
        return took;
      };
      const sides = { ours: start('501'), theirs: start('502') };
      await byTurns(5, sides);
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      return [
        {
          what: `start with the profile vps.basic against start with none, median of ${rounds}`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: `≤ ${reach} ×`,
          ok: ours / theirs <= reach,
          times,
        },
      ];
    }),
};
