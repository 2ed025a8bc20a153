// What the host has for containers: each thing with the domain that needs it, or with none any more.
// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset } from '@ctvirt/api';
import { unnumbered } from '../../cgroups/container-groups.js';
import { type CgroupLayout, processesOf, removeGroup } from '../../cgroups/layout.js';
import { walkTree } from '../../cgroups/tree.js';
import type { Confinement } from '../../host/apparmor.js';
import { removeTree } from '../../host/files.js';
import { unlessGone } from '../../host/gone.js';
import { type HeldAsset, kindAt } from '../../host/held-asset.js';
import { linkNames } from '../../host/links.js';
import { detachMount } from '../../host/mount-calls.js';
import { mountsBelow } from '../../host/mountinfo.js';
import { run } from '../../host/run.js';
import { idsOfProcess } from '../../host/userns.js';
import { linkPrefixOf } from '../../lifecycle/links.js';
import type { LentLinks } from '../../network/lent-links.js';
import { prefixOfEnd } from '../../network/link-plan.js';
import { type HostIds, RANGE_SIZE } from '../../state/id-ranges.js';
import { diskName, type Layout } from '../../state/layout.js';
import type { Owners, Subject } from '../driver.js';
import type { LxcTools } from './tools.js';

/** Dependencies of `LxcAssets`. */
export interface LxcAssetParts {
  readonly layout: Layout;
  readonly cgroups: CgroupLayout;
  readonly tools: LxcTools;
  readonly lent: LentLinks;
  readonly appArmor: Confinement;
  /** What the host holds of lxcfs. */
  readonly served: () => readonly HeldAsset[];
  /** Whether ids from here on were ever leased to a domain of ours. */
  readonly everLeased: (start: number) => boolean;
}

/** In a map of the first namespace. */
const ALL_IDS = 2 ** 32 - 1;

/** Lists what containers have on the host, as the host itself shows it. */
export class LxcAssets {
  constructor(private readonly parts: LxcAssetParts) {}

  all(owners: Owners): HeldAsset[] {
    const known = new Known(owners);
    return [
      ...this.#folders(known),
      ...this.#mounts(known),
      ...this.parts.served(),
      ...this.#profiles(),
      ...this.#links(known),
      ...this.#lent(known),
      ...this.#groups(known),
    ];
  }

  /** Of the host, in use by processes of containers whose domain is known no more. */
  async strayIds(subjects: Iterable<Subject>): Promise<HostIds[]> {
    const known = new Set([...subjects].map(({ record }) => diskName(record.name)));
    const { cgroups, layout } = this.parts;
    const found: HostIds[] = [];
    for (const group of this.#groupNames()) {
      const name = containerOf(group);
      if (name === group || known.has(name) || known.has(unnumbered(name))) continue;
      await walkTree(cgroups.path('freezer', `${layout.cgroup}/${group}`), (path) => {
        // Who has all ids of the host has none of his own.
        for (const pid of processesOf(path))
          for (const { outside, count } of idsOfProcess(pid))
            if (count < ALL_IDS) found.push({ first: outside, count });
      });
    }
    return found;
  }

  /** Of runs, and of ended ones that are being cleared just now, or will be by the next daemon. */
  #folders(known: Known): HeldAsset[] {
    const { layout, tools } = this.parts;
    const started = tools.started().map((name) => ({ name, path: join(layout.runtime, name) }));
    return [...started, ...tools.clearing()].map(({ name, path }) => ({
      kind: kindAt(path),
      what: path,
      owner: known.ownerOf(name),
      remove: () => removeTree(path),
    }));
  }

  #mounts(known: Known): HeldAsset[] {
    const { mounts } = this.parts.layout;
    return mountsBelow(mounts).map(({ target }) => {
      const name = target.slice(mounts.length + 1).split(/[~/]/)[0] ?? '';
      // Mounts are there only while a start is under way.
      const owner = known.isBusy(name) ? known.nameOf(name) : null;
      return { kind: 'mount', what: target, owner, remove: () => void detachMount(target) };
    });
  }

  /** It is there as long as the daemon or a container is. */
  #profiles(): HeldAsset[] {
    const { appArmor } = this.parts;
    if (!appArmor.isLoaded()) return [];
    return [{ kind: 'profile', what: appArmor.name, owner: 'daemon', remove: () => appArmor.unload() }];
  }

  #links(known: Known): HeldAsset[] {
    return linkNames().flatMap((link): HeldAsset[] => {
      const prefix = prefixOfEnd(link);
      if (prefix === undefined || !this.#isOwnPrefix(prefix)) return [];
      const remove = async () => void (await run(['/sbin/ip', 'link', 'delete', link]));
      return [{ kind: 'link', what: link, owner: known.ownerOfLinks(prefix), remove }];
    });
  }

  /** By the link's name: it is the host's, and lent. */
  #lent(known: Known): HeldAsset[] {
    const { lent } = this.parts;
    return lent.lent().map(({ name, domain }) => ({
      kind: 'link',
      what: name,
      owner: known.ownerByUuid(domain),
      remove: () => lent.giveBack(domain),
    }));
  }

  /** Links of daemons with another root carry ranges of another window, or of domains only that daemon knows. */
  #isOwnPrefix(prefix: string): boolean {
    return this.parts.everLeased(Number.parseInt(prefix.slice(2), 36) * RANGE_SIZE);
  }

  #groups(known: Known): HeldAsset[] {
    const { layout, cgroups, tools } = this.parts;
    return this.#groupNames().map((group) => {
      const name = containerOf(group);
      const what = `${layout.cgroup}/${group}`;
      // liblxc parks its monitors in one group for all while it takes theirs away.
      const owner =
        group === 'lxc.pivot' ? 'daemon' : (known.ownerOf(name) ?? known.ownerOf(unnumbered(name)));
      const remove = async (): Promise<void> => {
        if (name === group) removeGroup(cgroups, what);
        else await tools.clearGroups(name);
      };
      return { kind: 'cgroup', what, owner, remove };
    });
  }

  #groupNames(): string[] {
    const seen = new Set<string>();
    for (const folder of this.parts.cgroups.all(this.parts.layout.cgroup))
      for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [])
        if (entry.isDirectory()) seen.add(entry.name);
    return [...seen].sort();
  }
}

/** Domains by their names on disk. */
class Known {
  readonly #subjects: ReadonlyMap<string, Subject>;

  constructor(private readonly owners: Owners) {
    this.#subjects = new Map([...owners.subjects].map((subject) => [diskName(subject.record.name), subject]));
  }

  /** What the domain is called, whatever it has for that on disk. */
  nameOf(name: string): string | null {
    return this.#subjects.get(name)?.record.name ?? null;
  }

  isBusy(name: string): boolean {
    const subject = this.#subjects.get(name);
    return subject !== undefined && this.owners.isBusy(subject);
  }

  /** A domain owns what a run has if it runs, or if an operation of it is under way. */
  ownerOf(name: string): Asset['owner'] {
    const isOwned = this.#subjects.get(name)?.running !== undefined || this.isBusy(name);
    return isOwned ? this.nameOf(name) : null;
  }

  ownerByUuid(uuid: string): Asset['owner'] {
    for (const [name, { record }] of this.#subjects) if (record.uuid === uuid) return this.ownerOf(name);
    return null;
  }

  ownerOfLinks(prefix: string): Asset['owner'] {
    for (const [name, { record }] of this.#subjects)
      if (linkPrefixOf(record) === prefix && this.ownerOf(name) !== null) return record.name;
    return null;
  }
}

const containerOf = (group: string): string => group.replace(/^lxc\.(payload|monitor)\./, '');
