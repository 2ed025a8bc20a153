// ctvirt snapshot diff
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { anyDomain, ownSnapshot } from './arguments.js';

const signs = { added: '+', changed: 'M', removed: '-' } as const;

/** JSON is an array of changed files. */
export const snapshotDiff = verb({
  name: 'snapshot diff',
  group: 'Snapshots',
  summary: 'List the files that have changed since a snapshot',
  details: ['+ is a file that is new, M one that has changed, - one that is gone; folders end with a slash.'],
  args: {
    domain: anyDomain,
    snapshot: ownSnapshot,
    against: { ...ownSnapshot, summary: 'Until this one, in place of now', optional: true },
  },
  options: {},
  example: {
    command: 'ctvirt snapshot diff web before',
    does: "Lists what has changed in 'web' since 'before'.",
  },
  async run(context, { args: { domain, snapshot, against } }) {
    const changes = await context.busy(`comparing ${domain} with ${snapshot}`, () =>
      context.client.snapshots.diff({ domain, snapshot, ...(against !== undefined && { against }) }),
    );
    context.print(changes, () =>
      changes
        .map(({ change, path, kind }) => `${signs[change]} ${path}${kind === 'folder' ? '/' : ''}\n`)
        .join(''),
    );
  },
});
