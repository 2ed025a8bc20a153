// Backups over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** All operations on them. */
export const bindBackups = ({ backups }: Engine): Handlers<Resources['backups']> => ({
  repositories: () => backups.repositories(),
  init: ({ body }) => backups.init(body),
  list: ({ query }) => backups.list(query),
  create: ({ params: { domain }, body }, watched) => backups.create(domain, body, watched),
  status: ({ query: { domain } }) => backups.status(domain),
  restore: ({ body }, watched) => backups.restore(body, watched),
  check: ({ body }, watched) => backups.check(body, watched),
  forget: ({ body }, watched) => backups.forget(body, watched),
  prune: ({ body }, watched) => backups.prune(body, watched),
});
