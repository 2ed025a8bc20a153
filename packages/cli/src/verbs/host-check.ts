// ctvirt check
// SPDX-License-Identifier: Apache-2.0
import type { Asset } from '@ctvirt/api';
import { straysStatus } from '../exit-status.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

export const check = verb({
  name: 'check',
  group: 'Host',
  summary: 'Show what the host holds of ours, and what of it has no owner',
  details: [`Ends with status ${straysStatus} if something has no owner and stays.`],
  args: {},
  options: { clean: { type: 'flag', summary: 'Return what has no owner to the host' } },
  example: {
    command: 'ctvirt check',
    does: 'Lists mounts, loop devices, links, cgroups and id ranges with their owners.',
  },
  async run(context, { options: { clean } }) {
    if (clean) {
      const removed = await context.busy('cleaning', () => context.client.check.clean());
      context.print(removed, () => (removed.length === 0 ? 'nothing to clean\n' : tableOf(removed)));
      return undefined;
    }
    const found = await context.busy('checking', () => context.client.check.list());
    context.print(found, () => tableOf([...found.owned, ...found.stray]));
    return found.stray.length > 0 ? straysStatus : 0;
  },
});

const tableOf = (assets: readonly Asset[]): string =>
  formatTable(
    ['Kind', 'Owner', 'What'],
    assets.map(({ kind, owner, what }) => [kind, owner ?? '(none)', what]),
  );
