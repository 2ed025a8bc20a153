// Archives of whole domains over HTTP, bound to the engine.
// SPDX-License-Identifier: Apache-2.0
import { mayAs, type Resources } from '@ctvirt/api';
import { type Engine, EngineError } from '@ctvirt/engine';
import type { Handlers } from './handler.js';
import type { Caller } from './stream.js';

/** What is written of domains, and made of that. */
export const bindArchives = ({ archives }: Engine): Handlers<Resources['archives']> => ({
  write: ({ params: { domain }, body: { target, ...options } }, watcher) =>
    archives.write(domain, target, { ...options, ...watcher }),
  stream: async ({ params: { domain }, caller }, options) => {
    if (options.withMounts === true) refuseMounts(caller);
    return await archives.stream(domain, options);
  },
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

/** They are read as root of the host does, which may more than root of the domain: an operator is no more than that. */
function refuseMounts({ session }: Caller): void {
  if (session === undefined || mayAs(session.role, 'admin')) return;
  throw new EngineError('denied', 'withMounts: folders of the host are read for an admin alone');
}
