// Start of a domain on a network that many run on, against one on a network with one: each on a daemon and a network namespace of its own.
// SPDX-License-Identifier: Apache-2.0
import { names, sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms, sideBySide } from '../measure.mjs';
import { ownNetwork } from '../own-network.mjs';
import { onNetwork, startOnce, withTemplate } from './sides.mjs';

const reach = 1.25;
const network = `<network><name>wide</name><forward mode='nat'/><ip address='10.96.0.1' prefix='16'>
  <dhcp><range start='10.96.0.2' end='10.96.255.254'/></dhcp></ip></network>`;

/**
 * A daemon with so many on its network, and one more that is off.
 *
 * @template T
 * @param {number} count
 * @param {import('../../scripts/steps.mjs').Note} note
 * @param {(daemon: import('../daemon.mjs').Daemon) => Promise<T>} work
 */
const withRunning = (count, note, work) =>
  withTemplate(async (daemon) => {
    const { domains, networks } = daemon.client;
    await networks.define({ body: network });
    await networks.start({ network: 'wide' });
    let done = 0;
    await sideBySide(4, names('c', count), async (name) => {
      await domains.define({ body: sleepingDomain(name, 'busybox', onNetwork('wide')) });
      await domains.start({ domain: name });
      if (++done % 50 === 0) note(`${done} of ${count} started`);
    });
    await domains.define({ body: sleepingDomain('one', 'busybox', onNetwork('wide')) });
    return await work(daemon);
  }, ownNetwork);

/** @type {import('../measure.mjs').Row} */
export const running = {
  name: 'running',
  run: ({ note, count = 500, rounds = 50 }) =>
    withRunning(1, note, (few) =>
      withRunning(count, note, async (many) => {
        const sides = { ours: () => startOnce(many, 'one'), theirs: () => startOnce(few, 'one') };
        await byTurns(5, sides);
        const times = await byTurns(rounds, sides, note);
        const [ours, theirs] = [median(times.ours), median(times.theirs)];
        return [
          {
            what: `start on a network with ${count} running, median of ${rounds}, against 1`,
            ours: ms(ours),
            theirs: ms(theirs),
            ratio: ours / theirs,
            reach: `≤ ${reach} ×`,
            ok: ours / theirs <= reach,
            times,
          },
        ];
      }),
    ),
};
