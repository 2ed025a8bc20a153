// Start of a domain on the network `default`, walls on, against one without an interface and one on a bridge without walls.
// SPDX-License-Identifier: Apache-2.0
import { sleepingDomain } from '../domains.mjs';
import { byTurns, median, ms } from '../measure.mjs';
import { onNetwork, startOnce, withBridge, withTemplate } from './sides.mjs';

const bridge = 'ctbbare0';
const reach = { none: 1.6, bare: 1.1 };
const links = {
  none: '',
  bare: `<interface type='bridge' trustGuestRxFilters='yes'><source bridge='${bridge}'/><ip address='10.98.0.2' prefix='24'/></interface>`,
  // That and this differ in the network alone, and not in what keeps the guest to its own address.
  walled: `<interface type='bridge'><source bridge='${bridge}'/><ip address='10.98.0.3' prefix='24'/></interface>`,
  ours: onNetwork('default'),
};

/** @type {import('../measure.mjs').Row} */
export const start = {
  name: 'start',
  run: ({ note, rounds = 50 }) =>
    withBridge(bridge, '10.98.0.1/24', () =>
      withTemplate(async (daemon) => {
        for (const [name, link] of Object.entries(links))
          await daemon.client.domains.define({ body: sleepingDomain(name, 'busybox', link) });
        const sides = {
          none: () => startOnce(daemon, 'none'),
          bare: () => startOnce(daemon, 'bare'),
          walled: () => startOnce(daemon, 'walled'),
          ours: () => startOnce(daemon, 'ours'),
        };
        await byTurns(5, sides); // the first few pay for what later ones find ready, and start the network
        const times = await byTurns(rounds, sides, note);
        const ours = median(times.ours);
        /** @type {(what: string, theirs: number, wanted?: number) => import('../measure.mjs').Result} */
        const row = (what, theirs, wanted) => ({
          what,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          ...(wanted !== undefined && { reach: `≤ ${wanted} ×`, ok: ours / theirs <= wanted }),
        });
        return [
          {
            ...row(
              `start on the network default, median of ${rounds}, against one without an interface`,
              median(times.none),
              reach.none,
            ),
            times,
          },
          row('the same, against one on a bridge of the host, without walls', median(times.bare), reach.bare),
          row('the same, against one on a bridge of the host, with walls', median(times.walled)),
        ];
      }),
    ),
};
