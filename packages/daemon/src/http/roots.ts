// Roots of domains that are gone over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What may become of them. */
export const bindRoots = ({ roots }: Engine): Handlers<Resources['roots']> => ({
  list: () => roots.list(),
  adopt: ({ params: { root }, body: { domain } }) => roots.adopt(root, domain),
  erase: ({ params: { root } }) => roots.erase(root),
});
