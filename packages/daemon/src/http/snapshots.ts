// Snapshots of domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What is not said is left to the engine. */
export const bindSnapshots = ({ snapshots }: Engine): Handlers<Resources['snapshots']> => ({
  list: ({ params: { domain } }) => snapshots.list(domain),
  create: ({ params: { domain }, body }, watched) => snapshots.create(domain, body, watched),
  info: async ({ params: { domain, snapshot } }) => ({
    ...snapshots.get(domain, snapshot),
    occupiedBytes: await snapshots.occupied(domain, snapshot),
  }),
  describe: ({ params: { domain, snapshot }, body: { description } }) =>
    snapshots.describe(domain, snapshot, description),
  delete: ({ params: { domain, snapshot }, query: { children } }) =>
    snapshots.delete(domain, snapshot, children === undefined ? {} : { children }),
  xml: ({ params: { domain, snapshot } }) => snapshots.xml(domain, snapshot),
  revert: ({ params: { domain, snapshot }, body }, watched) =>
    snapshots.revert(domain, snapshot, body, watched),
  diff: ({ params: { domain, snapshot }, query: { against } }) =>
    snapshots.diff(domain, snapshot, against === undefined ? {} : { against }),
});
