// ctvirt snapshot delete
// SPDX-License-Identifier: Apache-2.0
import { CliError } from '../errors.js';
import { verb } from '../verb.js';
import { anyDomain, ownSnapshot } from './arguments.js';

/** Returns the snapshots that were deleted. */
export const snapshotDelete = verb({
  name: 'snapshot delete',
  group: 'Snapshots',
  summary: 'Delete a snapshot of a domain',
  details: ['Those that came after it stay whole, and come after the one before it from then on.'],
  args: { domain: anyDomain, snapshot: ownSnapshot },
  options: {
    children: { type: 'flag', summary: 'Delete those that came after it, too' },
    'children-only': { type: 'flag', summary: 'Delete those alone' },
  },
  example: { command: 'ctvirt snapshot delete web before', does: "Deletes the snapshot 'before' of 'web'." },
  async run(context, { args: { domain, snapshot }, options: { children, 'children-only': only } }) {
    if (children && only)
      throw new CliError('usage', 'snapshot delete: --children and --children-only exclude each other');
    const how = only ? ({ children: 'only' } as const) : children ? ({ children: 'with' } as const) : {};
    const gone = await context.busy(`deleting ${snapshot} of ${domain}`, () =>
      context.client.snapshots.delete({ domain, snapshot, ...how }),
    );
    const names = gone.map(({ name }) => `'${name}'`).join(', ');
    context.done(gone, gone.length === 0 ? 'None came after it' : `Deleted of '${domain}': ${names}`);
  },
});
