// ctvirt root erase
// SPDX-License-Identifier: Apache-2.0
import { verb } from '../verb.js';
import { keptRoot } from './arguments.js';
import { snapshotsIn } from './root-words.js';

/** Returns what was erased. */
export const rootErase = verb({
  name: 'root erase',
  group: 'Domains',
  summary: 'Erase the root that is kept of a domain that is gone',
  details: [
    'Nothing brings it back. The range of ids that its files had is free again. Snapshots that are in it go with it: root list shows how many.',
  ],
  args: { root: keptRoot },
  options: {},
  example: { command: 'ctvirt root erase web~1', does: "Erases what was kept of a 'web' that is gone." },
  async run(context, { args: { root } }) {
    const erased = await context.busy(`erasing ${root}`, () => context.client.roots.erase({ root }));
    const { name, domain, uuid, snapshots } = erased;
    const more = snapshots.length === 0 ? '' : `, and ${snapshotsIn(snapshots)}`;
    context.done(erased, `Root '${name}' of the domain '${domain}' (${uuid}) erased${more}`);
  },
});
