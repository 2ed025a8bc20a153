// Roots of domains that are off, shown to the host and taken away again.
// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import type { UserNamespacePool } from '../host/userns.js';
import { filesystemsOf, idMapOf, ownMap } from '../lifecycle/document.js';
import type { EngineLog } from '../log.js';
import type { Documents } from '../registry/documents.js';
import type { Entry } from '../registry/registry.js';
import type { KeptContext, Sources } from '../storage/index.js';
import type { RootMounts } from '../storage/root-mounts.js';
import type { Turns } from './turns.js';

/** Dependencies of `mountOperations`. */
export interface MountParts {
  readonly turns: Turns;
  readonly documents: Documents;
  readonly rootMounts: RootMounts;
  readonly sources: Sources;
  readonly namespaces: UserNamespacePool;
  readonly kept: (entry: Entry) => KeptContext;
  readonly log: EngineLog;
}

/** The engine's operations on the roots of domains that are off. */
export function mountOperations(parts: MountParts): Pick<Engine, 'rootMounts' | 'mountRoot' | 'unmountRoot'> {
  const { turns, rootMounts } = parts;
  return {
    rootMounts: async () => rootMounts.mounted().map((uuid) => ({ uuid, path: rootMounts.path(uuid) })),
    mountRoot: (ref) => turns.take(ref, async (entry) => ({ path: await mountRoot(entry, parts) })),
    unmountRoot: (ref) =>
      turns.take(ref, async ({ record: { name, uuid } }) => {
        if (!rootMounts.isMounted(uuid))
          throw new EngineError('wrong-state', `the root of domain '${name}' is not mounted on the host`);
        rootMounts.unmount(uuid);
      }),
  };
}

async function mountRoot(entry: Entry, parts: MountParts): Promise<string> {
  const { documents, rootMounts, sources, namespaces, kept, log } = parts;
  const { record, state } = entry;
  const { name, uuid } = record;
  if (state !== 'shutoff')
    throw new EngineError(
      'wrong-state',
      `domain '${name}' is running, and has its root for itself: \`ctvirt exec ${name}\` reaches its files, \`ctvirt shutdown ${name}\` ends it`,
    );
  if (rootMounts.isMounted(uuid)) return rootMounts.path(uuid);
  const domain = await documents.stored(entry);
  const root = filesystemsOf(domain).find(({ target }) => target === '/');
  if (root === undefined)
    throw new EngineError('unsupported', `domain '${name}' has no root of its own that could be mounted`);
  return await rootMounts.mount(uuid, root, {
    ...kept(entry),
    map: idMapOf(domain, record),
    shifted: ownMap(domain) !== undefined,
    namespaces,
    sources,
    limitOf: ({ limit }) => limit,
    tell: (remarks) => {
      for (const remark of remarks) log('warn', `domain '${name}': ${remark}`, { domain: name });
    },
  });
}
