// Who stands on templates: domains, by their records and by the leases of their files, and files of domains that are gone.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import type { Reader } from './lifecycle/document.js';
import { readStored } from './lifecycle/stored-document.js';
import type { EngineLog } from './log.js';
import type { Documents } from './registry/documents.js';
import type { Entry, Registry } from './registry/registry.js';
import { isKeptRoot } from './state/kept-root.js';
import { diskName } from './state/layout.js';
import type { KeyedQueue } from './state/queue.js';
import { changeNow } from './state/record.js';
import type { DomainStore, Lease } from './state/store.js';
import type { TemplateUsers as StoreUsers } from './templates/index.js';

/** Dependencies of `TemplateUsers`. */
export interface TemplateUserParts {
  readonly registry: Registry;
  readonly store: DomainStore;
  readonly queue: KeyedQueue;
  readonly reader: Pick<Reader, 'documents'>;
  readonly documents: Pick<Documents, 'changeRun'>;
  readonly log: EngineLog;
}

/** One template that is called otherwise. */
interface Renamed {
  readonly from: string;
  readonly to: string;
}

const isOn = ({ made }: Lease, name: string): boolean => made.some(({ template }) => template === name);

/** Finds them, and lets them call a template otherwise. */
export class TemplateUsers implements StoreUsers {
  constructor(private readonly parts: TemplateUserParts) {}

  of(name: string): string[] {
    return this.all().get(name) ?? [];
  }

  /** By template. What a document names no more has its files still, for when it comes back, and a run may have it. */
  all(): Map<string, string[]> {
    const { registry, store } = this.parts;
    const found = new Map<string, string[]>();
    const leases = new Map(store.leases().map(({ root, lease }) => [root, lease]));
    const add = (user: string, templates: readonly string[]): void => {
      for (const template of new Set(templates)) found.set(template, [...(found.get(template) ?? []), user]);
    };
    for (const { record } of registry.entries()) {
      const root = diskName(record.name);
      add(record.name, [...record.templates, ...madeOf(leases.get(root))]);
      leases.delete(root);
    }
    for (const [root, lease] of leases) add(`${root} (kept files)`, madeOf(lease));
    for (const users of found.values()) users.sort();
    return found;
  }

  /** Those that run are not touched: what changes is what their documents, records and leases say, in a turn of each. */
  async move(from: string, to: string): Promise<void> {
    const { registry, store, queue } = this.parts;
    const renamed = { from, to };
    const roots = new Set(store.leases().flatMap(({ root, lease }) => (isOn(lease, from) ? [root] : [])));
    for (const { record } of [...registry.entries()]) {
      const { name, uuid } = record;
      if (!roots.delete(diskName(name)) && !record.templates.includes(from)) continue;
      await queue.run(name, async () => {
        const entry = registry.byUuid(uuid);
        // One that has gone meanwhile may have left its files; they are found the next time, as is one that has another name.
        if (entry?.record.name === name) await this.#moveDomain(entry, renamed);
      });
    }
    for (const root of roots)
      await queue.run(isKeptRoot(root) ? `root/${root}` : root, () => store.nameTemplate(root, from, to));
  }

  /** The record comes last: by it the next daemon finds what is not done. */
  async #moveDomain(entry: Entry, { from, to }: Renamed): Promise<void> {
    const { registry, store, reader, documents } = this.parts;
    const { record } = entry;
    const { name } = record;
    const edit = (domain: Domain): Domain => withTemplate(domain, { from, to });
    await store.nameTemplate(diskName(name), from, to);
    documents.changeRun(entry, edit);
    const next = {
      ...record,
      template: record.template === from ? to : record.template,
      templates: record.templates.map((one) => (one === from ? to : one)),
      changed: changeNow(),
    };
    const stored = await this.#stored(name);
    if (stored === undefined) await store.writeRecord(next);
    else {
      const conf = record.ctid === null ? undefined : store.readNative(name, `${record.ctid}.conf`);
      await store.update(next, await reader.documents(edit(stored), next, conf));
    }
    registry.replace(entry, next);
  }

  /** One that somebody has damaged is not started before he defines it anew, which has to fit its files. */
  async #stored(name: string): Promise<Domain | undefined> {
    const { store, log } = this.parts;
    const xml = await store.readXml(name);
    try {
      return readStored(xml, name);
    } catch (error) {
      log('warn', `domain '${name}': its document names the template as before: ${String(error)}`);
      return undefined;
    }
  }
}

const madeOf = (lease: Lease | undefined): string[] => (lease?.made ?? []).map(({ template }) => template);

const withTemplate = (domain: Domain, { from, to }: Renamed): Domain => ({
  ...domain,
  devices: {
    ...domain.devices,
    ...(domain.devices.filesystems !== undefined && {
      filesystems: domain.devices.filesystems.map((one) =>
        one.type === 'template' && one.source.name === from
          ? { ...one, source: { ...one.source, name: to } }
          : one,
      ),
    }),
  },
});
