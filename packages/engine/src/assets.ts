// What the host holds of ours: each thing with its owner, and the strays that have none any more.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset } from '@ctvirt/api';
import { unnumbered } from './cgroups/container-groups.js';
import { processesOf } from './cgroups/freezer.js';
import { type CgroupLayout, removeGroup } from './cgroups/layout.js';
import { walkTree } from './cgroups/tree.js';
import type { LxcTools } from './drivers/lxc/tools.js';
import type { Lxcfs } from './guest/lxcfs.js';
import type { Confinement } from './host/apparmor.js';
import { linkNames } from './host/links.js';
import { type BoundLoop, boundLoops } from './host/loop.js';
import { detachMount } from './host/mount-calls.js';
import { mountsBelow } from './host/mountinfo.js';
import { run } from './host/run.js';
import { idsOfProcess } from './host/userns.js';
import { linkPrefixOf } from './lifecycle/document.js';
import type { Entry, Registry } from './registry/registry.js';
import { type IdRanges, RANGE_SIZE } from './state/id-ranges.js';
import { diskName, type Layout } from './state/layout.js';
import type { KeyedQueue } from './state/queue.js';
import type { DomainStore } from './state/store.js';

export interface AssetParts {
  readonly layout: Layout;
  readonly registry: Registry;
  readonly store: DomainStore;
  readonly cgroups: CgroupLayout;
  readonly tools: LxcTools;
  readonly lxcfs: Lxcfs;
  readonly appArmor: Confinement;
  readonly ids: IdRanges;
  /** What is just being done makes and removes things whose owner is not, or no more, to be seen. */
  readonly queue: KeyedQueue;
  readonly isChangingTemplates: () => boolean;
}

/** Who owns what an operation under way has in its hands. */
const UNDER_WAY = 'operation';

interface Found extends Asset {
  /** Gives a stray back to the host. */
  readonly remove: () => Promise<void> | void;
}

export class Assets {
  constructor(private readonly parts: AssetParts) {}

  /** What still runs of a domain that is known no more keeps its ids: nobody else may be given them meanwhile. */
  async claimIds(): Promise<void> {
    const known = this.#byDiskName();
    const { cgroups, ids, layout } = this.parts;
    for (const group of this.#groupNames()) {
      const name = containerOf(group);
      if (name === group || known.has(name) || known.has(unnumbered(name))) continue;
      await walkTree(cgroups.path('freezer', `${layout.cgroup}/${group}`), (path) => {
        for (const pid of processesOf(path))
          for (const { outside } of idsOfProcess(pid)) ids.claimAround(outside);
      });
    }
  }

  async check(): Promise<{ owned: Asset[]; stray: Asset[] }> {
    const all = this.#all().map(({ kind, what, owner }): Asset => ({ kind, what, owner }));
    return {
      owned: all.filter(({ owner }) => owner !== null),
      stray: all.filter(({ owner }) => owner === null),
    };
  }

  async clean(): Promise<Asset[]> {
    const strays = this.#all().filter(({ owner }) => owner === null);
    for (const stray of strays) await stray.remove();
    return strays.map(({ kind, what, owner }) => ({ kind, what, owner }));
  }

  #all(): Found[] {
    const byDiskName = this.#byDiskName();
    return [
      ...this.#files(byDiskName),
      ...this.#mounts(byDiskName),
      ...this.parts.lxcfs.assets(),
      ...this.#profiles(),
      ...this.#loops(byDiskName),
      ...this.#links(byDiskName),
      ...this.#groups(byDiskName),
      ...this.#ids(byDiskName),
    ];
  }

  #byDiskName(): Map<string, Entry> {
    return new Map([...this.parts.registry.entries()].map((entry) => [diskName(entry.record.name), entry]));
  }

  /** A domain owns what a run has if it runs, or if an operation of it is under way. */
  #ownerOf(entry: Entry | undefined, name: string): string | null {
    if (entry === undefined) return null;
    return entry.running !== undefined || this.parts.queue.isBusy(entry.record.name) ? name : null;
  }

  #files(entries: ReadonlyMap<string, Entry>): Found[] {
    const { layout, tools, queue } = this.parts;
    const unfinished = queue.isBusy() ? UNDER_WAY : null;
    const unfinishedTemplate = this.parts.isChangingTemplates() ? UNDER_WAY : null;
    const tree = (path: string, owner: string | null): Found => ({
      kind: 'file',
      what: path,
      owner,
      remove: async () => void (await run(['/bin/rm', '-rf', '--one-file-system', '--', path])),
    });
    const kept = new Set(
      this.parts.store
        .keptLeases()
        .filter((lease) => lease.kept)
        .map(({ name }) => diskName(name)),
    );
    return [
      ...readdirSync(layout.domains).map((name) =>
        tree(join(layout.domains, name), entries.has(name) ? name : unfinished),
      ),
      ...readdirSync(layout.roots).map((name) =>
        tree(
          join(layout.roots, name),
          entries.has(name) ? name : kept.has(name) ? `${name} (kept)` : unfinished,
        ),
      ),
      ...readdirSync(layout.templates).map((name) =>
        tree(join(layout.templates, name), name.startsWith('.') ? unfinishedTemplate : `template ${name}`),
      ),
      ...tools
        .started()
        .map((name) => tree(join(layout.runtime, name), this.#ownerOf(entries.get(name), name))),
      // Being cleared just now, or by the next daemon.
      ...tools.clearing().map(({ name, path }) => tree(path, this.#ownerOf(entries.get(name), name))),
    ];
  }

  #mounts(entries: ReadonlyMap<string, Entry>): Found[] {
    const { mounts } = this.parts.layout;
    return mountsBelow(mounts).map(({ target }) => {
      const name = target.slice(mounts.length + 1).split(/[~/]/)[0] ?? '';
      // Mounts are there only while a start is under way.
      const entry = entries.get(name);
      const owner = entry !== undefined && this.parts.queue.isBusy(entry.record.name) ? name : null;
      return { kind: 'mount', what: target, owner, remove: () => void detachMount(target) };
    });
  }

  /** It is there as long as the daemon or a container is. */
  #profiles(): Found[] {
    const { appArmor } = this.parts;
    if (!appArmor.isLoaded()) return [];
    return [{ kind: 'profile', what: appArmor.name, owner: 'daemon', remove: () => appArmor.unload() }];
  }

  /** Loop devices free themselves with their last mount: one that backs a file of ours belongs to a running domain. */
  #loops(entries: ReadonlyMap<string, Entry>): Found[] {
    const { roots } = this.parts.layout;
    return boundLoops().flatMap((loop): Found[] => {
      const file = fileBelow(roots, loop);
      if (file === undefined) return [];
      const name = file.slice(roots.length + 1).split('/')[0] ?? '';
      const entry = entries.get(name);
      const owner =
        this.#ownerOf(entry, name) ?? (this.parts.queue.isBusy() && entry === undefined ? UNDER_WAY : null);
      return [
        {
          kind: 'loop',
          what: `${loop.path} (${file})`,
          owner,
          remove: async () => void (await run(['/sbin/losetup', '-d', loop.path])),
        },
      ];
    });
  }

  #links(entries: ReadonlyMap<string, Entry>): Found[] {
    const owners = new Map(
      [...entries].flatMap(([name, entry]) =>
        this.#ownerOf(entry, name) === null ? [] : [[linkPrefixOf(entry.record), name] as const],
      ),
    );
    return linkNames().flatMap((link): Found[] => {
      const prefix = /^(cv[0-9a-z]+)\.\d+$/.exec(link)?.[1];
      if (prefix === undefined || !this.#isOwnPrefix(prefix)) return [];
      return [
        {
          kind: 'link',
          what: link,
          owner: owners.get(prefix) ?? null,
          remove: async () => void (await run(['/sbin/ip', 'link', 'delete', link])),
        },
      ];
    });
  }

  /** Links of daemons with another root carry ranges of another window, or of domains only that daemon knows. */
  #isOwnPrefix(prefix: string): boolean {
    return this.parts.ids.everLeased(Number.parseInt(prefix.slice(2), 36) * RANGE_SIZE);
  }

  #groups(entries: ReadonlyMap<string, Entry>): Found[] {
    const parent = this.parts.layout.cgroup;
    return this.#groupNames().map((group) => {
      const name = containerOf(group);
      // liblxc parks its monitors in one group for all while it takes theirs away.
      const owner =
        group === 'lxc.pivot'
          ? 'daemon'
          : (this.#ownerOf(entries.get(name), name) ??
            this.#ownerOf(entries.get(unnumbered(name)), unnumbered(name)));
      return {
        kind: 'cgroup',
        what: `${parent}/${group}`,
        owner,
        remove: async () => {
          if (name === group) removeGroup(this.parts.cgroups, `${parent}/${group}`);
          else await this.parts.tools.clearGroups(name);
        },
      };
    });
  }

  #groupNames(): string[] {
    const seen = new Set<string>();
    for (const folder of this.parts.cgroups.all(this.parts.layout.cgroup)) {
      if (!existsSync(folder)) continue;
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory()) seen.add(entry.name);
    }
    return [...seen].sort();
  }

  #ids(entries: ReadonlyMap<string, Entry>): Found[] {
    const own = [...entries.values()].map(({ record }) => ({ owner: record.name, ids: record.ids }));
    const kept = this.parts.store.keptLeases().map(({ name, ids }) => ({ owner: `${name} (kept)`, ids }));
    return [...own, ...kept].flatMap(({ owner, ids }): Found[] => {
      if (ids === null) return [];
      const what = `${ids.start}-${ids.start + ids.count - 1}`;
      return [{ kind: 'id-range', what, owner, remove: () => undefined }];
    });
  }
}

const containerOf = (group: string): string => group.replace(/^lxc\.(payload|monitor)\./, '');

/** The file below a folder that a loop device has. Of one that is deleted the device alone knows the name, and not all of a long one. */
function fileBelow(folder: string, { file, dev, ino }: BoundLoop): string | undefined {
  const known = file.endsWith('*') ? file.slice(0, -1) : file;
  if (!known.startsWith(`${folder}/`) && !(known !== file && folder.startsWith(known))) return undefined;
  if (known === file) return file;
  const isIt = (path: string): boolean => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.dev === dev && found.ino === ino;
  };
  const images = readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((root) => readdirSync(root).map((name) => join(root, name)));
  return images.find(isIt) ?? (known.startsWith(`${folder}/`) ? known : undefined);
}
