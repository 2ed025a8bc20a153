// ctvirt snapshot info
// SPDX-License-Identifier: Apache-2.0
import { formatFields } from '../table.js';
import { verb } from '../verb.js';
import { describeBytes, yesOrNo } from '../wording.js';
import { anyDomain, ownSnapshot } from './arguments.js';
import { describeWait, stateThen } from './snapshot-words.js';

const makers = {
  request: 'somebody',
  schedule: 'its schedule',
  revert: 'a revert, of what was there before',
};

/** JSON is the snapshot. */
export const snapshotInfo = verb({
  name: 'snapshot info',
  group: 'Snapshots',
  summary: 'Show what a snapshot is, and what is no part of it',
  args: { domain: anyDomain, snapshot: ownSnapshot },
  options: {},
  example: { command: 'ctvirt snapshot info web before', does: "Shows the snapshot 'before' of 'web'." },
  async run(context, { args: { domain, snapshot } }) {
    const info = await context.client.snapshots.info({ domain, snapshot });
    context.print(info, (width) =>
      formatFields(
        [
          ['Name', info.name],
          ['Domain', domain],
          ['Description', info.description ?? '-'],
          ['Made', info.createdAt],
          ['Made by', makers[info.by]],
          ['State', stateThen(info)],
          ['Writes waited', info.frozenMs === null ? '-' : describeWait(info.frozenMs)],
          ['On disk', `${describeBytes(info.occupiedBytes)}, shared blocks included`],
          ['After', info.parent ?? '-'],
          ['Before', String(info.children)],
          ['Current', yesOrNo(info.isCurrent)],
          ['Expires', info.expiresAt ?? '-'],
          ...info.outside.map(({ target, source }) => ['Not in it', `${target}: ${source}`] as const),
        ],
        width,
      ),
    );
  },
});
