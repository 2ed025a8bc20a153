// Roots of domains that are off: shown to the host and taken away again, and written as images.
// SPDX-License-Identifier: Apache-2.0

import type { TemplateExport } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import { commandFor } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import type { UserNamespacePool } from '../host/userns.js';
import type { Jobs } from '../jobs/jobs.js';
import { filesystemsOf, idMapOf, ownMap } from '../lifecycle/document.js';
import { imageOf } from '../lifecycle/settings.js';
import type { EngineLog } from '../log.js';
import type { Documents } from '../registry/documents.js';
import type { Entry } from '../registry/registry.js';
import type { DomainRecord } from '../state/record.js';
import type { KeptContext, Sources } from '../storage/index.js';
import type { RootContext, RootMounts } from '../storage/root-mounts.js';
import type { TemplateCatalog } from '../template-catalog.js';
import type { Turns } from './turns.js';

/** Dependencies of `mountOperations`. */
export interface MountParts {
  readonly turns: Turns;
  readonly jobs: Jobs;
  readonly documents: Documents;
  readonly rootMounts: RootMounts;
  readonly sources: Sources;
  readonly namespaces: UserNamespacePool;
  readonly kept: (entry: Entry) => KeptContext;
  readonly templates: Pick<TemplateCatalog, 'get' | 'exportTree'>;
  readonly log: EngineLog;
}

/** The engine's operations on the roots of domains that are off. */
export function mountOperations(
  parts: MountParts,
): Pick<Engine, 'rootMounts' | 'mountRoot' | 'unmountRoot' | 'exportRoot'> {
  const { turns, jobs, rootMounts } = parts;
  return {
    rootMounts: async () => rootMounts.mounted().map((uuid) => ({ uuid, path: rootMounts.path(uuid) })),
    mountRoot: (ref) => turns.take(ref, async (entry) => ({ path: await mountRoot(entry, parts) })),
    unmountRoot: (ref) =>
      turns.take(ref, async ({ record: { name, uuid } }) => {
        if (!rootMounts.isMounted(uuid))
          throw new EngineError('wrong-state', `the root of domain '${name}' is not mounted on the host`);
        rootMounts.unmount(uuid);
      }),
    exportRoot: async (ref, target, { onProgress, signal, ...format } = {}) => {
      const entry = turns.find(ref);
      return await jobs.run(
        entry,
        'export',
        (watched) =>
          turns.take(entry.record.uuid, () => exportRoot(entry, target, { ...format, ...watched }, parts), {
            isJob: true,
          }),
        { onProgress, signal },
      );
    },
  };
}

async function mountRoot(entry: Entry, parts: MountParts): Promise<string> {
  const { rootMounts } = parts;
  const { name, uuid } = entry.record;
  refuseRunning(
    entry,
    `\`${commandFor('exec', [name])}\` reaches its files, \`${commandFor('shutdown', [name])}\` ends it`,
  );
  if (rootMounts.isMounted(uuid)) return rootMounts.path(uuid);
  const { root, context } = await rootOf(entry, parts);
  return await rootMounts.mount(uuid, root, context);
}

/** Of its root alone: what else is mounted in there is not the domain's own. */
async function exportRoot(
  entry: Entry,
  target: string,
  options: Parameters<Engine['exportRoot']>[2],
  parts: MountParts,
): Promise<TemplateExport> {
  const { rootMounts, templates } = parts;
  const { record } = entry;
  refuseRunning(
    entry,
    `\`${commandFor('shutdown', [record.name])}\` ends it; \`${commandFor('export', [record.name, `${record.name}.ctvirt.tar.zst`])}\` writes an archive of it as it runs`,
  );
  rootMounts.refuse(record);
  const { domain, root, context } = await rootOf(entry, parts);
  const below = root.kind === 'template' ? await templates.get(root.source) : undefined;
  const said = {
    name: record.name,
    created: new Date().toISOString(),
    arch: domain.os.type.arch ?? below?.arch,
    os: below?.os,
    image: imageOf(domain, below?.image),
  };
  return await rootMounts.lend(root, context, ({ path, within }) =>
    templates.exportTree({ ...said, path, within }, target, options),
  );
}

/** Throws `wrong-state`, with what helps. */
export function refuseRunning({ record: { name }, state }: Entry, advice: string): void {
  if (state === 'shutoff') return;
  throw new EngineError('wrong-state', `domain '${name}' is running, and has its root for itself: ${advice}`);
}

async function rootOf(entry: Entry, parts: MountParts) {
  const { name } = entry.record;
  const domain = await parts.documents.stored(entry);
  const root = filesystemsOf(domain).find(({ target }) => target === '/');
  if (root === undefined)
    throw new EngineError('unsupported', `domain '${name}' has no root of its own that could be mounted`);
  return { domain, root, context: rootContextOf(entry, domain, parts) };
}

/** What the opening of its file systems takes. */
export function rootContextOf(
  entry: Entry,
  domain: Domain,
  { sources, namespaces, kept, log }: Pick<MountParts, 'sources' | 'namespaces' | 'kept' | 'log'>,
): RootContext {
  return contextOf(domain, entry.record, { sources, namespaces, log }, kept(entry));
}

/** What opens the file systems of a domain for the host, where they lie. */
export const contextOf = (
  domain: Domain,
  record: DomainRecord,
  { sources, namespaces, log }: Pick<MountParts, 'sources' | 'namespaces' | 'log'>,
  kept: KeptContext,
): RootContext => ({
  ...kept,
  map: idMapOf(domain, record),
  shifted: ownMap(domain) !== undefined,
  namespaces,
  sources,
  limitOf: ({ limit }) => limit,
  tell: (remarks) => {
    for (const remark of remarks) log('warn', `domain '${record.name}': ${remark}`, { domain: record.name });
  },
});
