// Who is on which network: links of domains that run, and addresses that are kept for those that do not.
// SPDX-License-Identifier: Apache-2.0
import type { Member } from './contract/plan.js';

/** A link of a domain on a network. */
export interface Membership extends Member {
  readonly network: string;
  /** The name of its domain. */
  readonly domainName: string;
  /** Whether its domain runs. */
  readonly isRunning: boolean;
  /** Its end on the host, and the bridge that it was plugged into, or the link that it stands on. */
  readonly hostName: string | undefined;
  readonly parent: string | undefined;
}

/** Of one network. */
interface Known {
  readonly byDomain: Map<string, readonly Membership[]>;
  /** All together, once they have been asked for. */
  all?: readonly Membership[] | undefined;
}

/** Knows all of them. */
export class Memberships {
  readonly #byNetwork = new Map<string, Known>();

  /** Replaces those of a domain; returns the networks that hear of a difference. */
  set(domain: string, memberships: readonly Membership[]): string[] {
    const names = new Set(memberships.map(({ network }) => network));
    const changed: string[] = [];
    for (const name of new Set([...names, ...this.#byNetwork.keys()])) {
      const own = memberships.filter(({ network }) => network === name);
      const { byDomain } = this.#byNetwork.get(name) ?? {
        byDomain: new Map<string, readonly Membership[]>(),
      };
      const before = byDomain.get(domain) ?? [];
      if (JSON.stringify(before) === JSON.stringify(own)) continue;
      if (own.length > 0) byDomain.set(domain, own);
      else byDomain.delete(domain);
      if (byDomain.size > 0) this.#byNetwork.set(name, { byDomain });
      else this.#byNetwork.delete(name);
      changed.push(name);
    }
    return changed;
  }

  /** All that the host of a network is told of. */
  on(network: string): readonly Membership[] {
    const known = this.#byNetwork.get(network);
    if (known === undefined) return [];
    known.all ??= [...known.byDomain.values()].flat();
    return known.all;
  }

  running(network: string): Membership[] {
    return this.on(network).filter(({ isRunning }) => isRunning);
  }

  /** How many links of runs are on it. */
  count(network: string): number {
    return new Set(this.running(network).map(({ domain, mac }) => `${domain} ${mac}`)).size;
  }
}
