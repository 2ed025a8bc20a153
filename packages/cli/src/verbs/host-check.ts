// ctvirt check
// SPDX-License-Identifier: Apache-2.0
import type { Asset } from '@ctvirt/api';
import { straysStatus } from '../exit-status.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';

/** Ends with a status of its own where something is stray, so that a script sees it; with `--clean` it answers what was removed. */
export const check = verb({
  name: 'check',
  group: 'Host',
  summary: 'Show what the host holds of ours, and what of it has no owner',
  details: [
    `Ends with status ${straysStatus} if something has no owner and stays.`,
    'What stays of a domain that was undefined without --storage is marked (kept). It is no stray, and --clean leaves it: ctvirt root erase erases it.',
    'Rules of other programs that drop what a network forwards are told in a sentence each.',
  ],
  args: {},
  options: { clean: { type: 'flag', summary: 'Return what has no owner to the host' } },
  example: {
    command: 'ctvirt check',
    does: 'Lists mounts, loop devices, links, cgroups and id ranges with their owners.',
  },
  async run(context, { options: { clean } }) {
    const { check: host } = context.client;
    const removed = clean ? await context.busy('cleaning', () => host.clean()) : undefined;
    const found = await context.busy('checking', () => host.list());
    context.print(removed ?? found, (width) => {
      if (removed?.length === 0) return 'nothing to clean\n';
      return tableOf(removed ?? [...found.owned, ...found.stray], width);
    });
    if (!context.isJson && found.owned.some(isKept))
      context.remark(
        "what is (kept) is no stray: it stays of undefined domains until 'ctvirt root erase' erases it",
      );
    if (!context.isJson) for (const remark of found.remarks) context.remark(remark);
    return removed === undefined && found.stray.length > 0 ? straysStatus : 0;
  },
});

const isKept = ({ owner }: Asset): boolean => owner?.endsWith(' (kept)') === true;

const tableOf = (assets: readonly Asset[], width: number): string =>
  formatTable(
    ['Kind', 'Owner', 'What'],
    assets.map(({ kind, owner, what }) => [kind, owner ?? '(none)', what]),
    width,
  );
