// Archives of whole domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import type { Handlers } from './handler.js';

/** What is written of domains, and made of that. */
export const bindArchives = ({ archives }: Engine): Handlers<Resources['archives']> => ({
  write: ({ params: { domain }, body: { target, ...options } }, watcher) =>
    archives.write(domain, target, { ...options, ...watcher }),
  stream: ({ params: { domain } }, options) => archives.stream(domain, options),
  import: ({ body: { source, ...names } }, watcher) => archives.import(source, { ...names, ...watcher }),
  upload: ({ query: { name, newIds }, body }, watcher) =>
    archives.import(body, {
      ...(name !== undefined && { name }),
      ...(newIds !== undefined && { newIds }),
      ...watcher,
    }),
  clone: ({ params: { domain }, body: { name, snapshot } }, watcher) =>
    archives.clone(domain, name, { snapshot, ...watcher }),
});
