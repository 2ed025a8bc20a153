// Whole commands of an operator's day: a list of fifty, fifty starts in one call, five customers made and started.
// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mountBare, prepareBare, startAllBare, stopBare, unmountBare } from '../bare.mjs';
import { withDaemon } from '../daemon.mjs';
import { names, sleeper, sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, sideBySide, timed } from '../measure.mjs';

const run = promisify(execFile);
const program = new URL('../../ctvirt', import.meta.url).pathname;

/** As many as `ctvirt start` starts at a time without --parallel. */
const WIDTH = 8;
const CUSTOMERS = 5;

/** @type {import('../measure.mjs').Row} */
export const commands = {
  name: 'commands',
  run: ({ note, count = 50, rounds = 9 }) =>
    withDaemon(async (daemon) => {
      const { domains, templates } = daemon.client;
      await daemon.start();
      await templates.build({ template: 'busybox', body: { distribution: 'busybox' } });
      /** @param {string[]} args */
      const ctvirt = (...args) => run(program, ['--root', daemon.folder, ...args]);
      const all = names('c', count);
      await sideBySide(4, all, async (domain) => {
        await domains.define({ body: sleepingDomain(domain) });
        // Once, to take its configuration for the other side.
        await domains.start({ domain });
        await prepareBare(daemon, domain);
        await domains.destroy({ domain });
      });
      const listed = await byTurns(
        rounds,
        {
          ours: () => timed(() => ctvirt('list', '--all')),
          theirs: () => timed(() => run(process.execPath, ['--eval', '0'])),
        },
        note,
      );
      /** @param {number} width */
      const bare = async (width) => {
        for (const name of all) await mountBare(daemon, name, 'busybox');
        const took = await timed(() => startAllBare(daemon, all, sleeper, width));
        await sideBySide(4, all, (name) => stopBare(daemon, name));
        for (const name of all) unmountBare(daemon, name);
        return took;
      };
      const started = await byTurns(
        rounds,
        {
          ours: async () => {
            const took = await timed(() => ctvirt('start', ...all));
            await sideBySide(4, all, (domain) => domains.destroy({ domain }));
            return took;
          },
          theirs: () => bare(WIDTH),
          theirsInTurn: () => bare(1),
        },
        note,
      );
      const made = await byTurns(
        rounds,
        {
          ours: async () => {
            const customers = names('customer', CUSTOMERS);
            const took = await timed(async () => {
              for (const name of customers)
                await ctvirt('create', name, '--template', 'busybox', '--ram', '64M', '--start');
            });
            for (const domain of customers) {
              await domains.destroy({ domain });
              await domains.undefine({ domain, storage: true });
            }
            return took;
          },
        },
        note,
      );
      const [list, node] = [median(listed.ours), median(listed.theirs)];
      const [ours, theirs, inTurn] = [started.ours, started.theirs, started.theirsInTurn].map(median);
      const five = median(made.ours);
      return [
        {
          what: `ctvirt list --all with ${count} domains, against node alone`,
          ours: ms(list),
          theirs: ms(node),
          ratio: list / node,
          reach: '≤ 1.3 ×',
          ok: list / node <= 1.3,
          listed,
        },
        {
          what: `ctvirt start of ${count} in one call, against xargs -P${WIDTH} lxc-start`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 1.1 ×',
          ok: ours / theirs <= 1.1,
          started,
        },
        {
          what: 'the same, against xargs lxc-start, one after the other',
          ours: ms(ours),
          theirs: ms(inTurn),
          ratio: ours / inTurn,
        },
        {
          what: `ctvirt create --start of ${CUSTOMERS} customers, one call each, all together`,
          ours: ms(five),
          reach: '≤ 1 s',
          ok: five <= 1000,
          made,
        },
      ];
    }),
};
