// The networks there are, defined or running, found by name, UUID or bridge.
// SPDX-License-Identifier: Apache-2.0
import type { NetworkSummary } from '@ctvirt/api';
import { nearest } from '@ctvirt/xml';
import { EngineError } from '../errors.js';
import type { NetworkPlan } from './contract/plan.js';
import { type SettledNetwork, shownOfNetwork } from './plan.js';

/** A network as it runs. */
export interface LiveNetwork {
  readonly network: SettledNetwork;
  readonly plan: NetworkPlan;
}

/** A network and what it does now: it has one document or both. */
export interface NetworkEntry {
  readonly name: string;
  readonly uuid: string;
  autostart: boolean;
  /** Its stored document; undefined if it is gone when it stops. */
  stored: SettledNetwork | undefined;
  live: LiveNetwork | undefined;
  /** What it was, of one that is gone. */
  last?: SettledNetwork;
  /** Its name, UUID and bridge are taken, but it is not there yet. */
  pending: boolean;
}

/** Keeps names, UUIDs and bridges unique. */
export class KnownNetworks {
  readonly #byName = new Map<string, NetworkEntry>();

  add(entry: NetworkEntry): void {
    this.#byName.set(entry.name, entry);
  }

  remove(entry: NetworkEntry): void {
    this.#byName.delete(entry.name);
  }

  /** All that are there. */
  entries(): NetworkEntry[] {
    return [...this.#byName.values()].filter(({ pending }) => !pending);
  }

  byName(name: string): NetworkEntry | undefined {
    return this.#byName.get(name);
  }

  byUuid(uuid: string): NetworkEntry | undefined {
    return [...this.#byName.values()].find((entry) => entry.uuid === uuid.toLowerCase());
  }

  /** Who has a bridge of this name, or is to have one. */
  byBridge(bridge: string): NetworkEntry | undefined {
    return [...this.#byName.values()].find(({ stored, live }) =>
      [stored, live?.network].some((network) => network?.bridge?.name === bridge),
    );
  }

  /** The network of this key; undefined where there is none, or none yet. */
  there(key: { readonly name: string } | { readonly uuid: string }): NetworkEntry | undefined {
    const found = 'name' in key ? this.byName(key.name) : this.byUuid(key.uuid);
    return found?.pending === true ? undefined : found;
  }

  /** Throws `not-found`. */
  find(ref: string): NetworkEntry {
    const found = this.there({ uuid: ref }) ?? this.there({ name: ref });
    if (found !== undefined) return found;
    const near = nearest(
      ref,
      this.entries().map(({ name }) => name),
    );
    const hint = near === undefined ? '' : `; did you mean '${near}'?`;
    throw new EngineError('not-found', `no network has the name or UUID '${ref}'${hint}`, { ref });
  }
}

/** The document that says what it is: of one that runs that of its run. */
export function documentOf({ name, live, stored, last }: NetworkEntry): SettledNetwork {
  const network = live?.network ?? stored ?? last;
  if (network === undefined) throw new EngineError('internal', `network '${name}' has no document`);
  return network;
}

/** Returns the summary of a network with so many members. */
export function summaryOfNetwork(entry: NetworkEntry, members: number): NetworkSummary {
  return {
    name: entry.name,
    uuid: entry.uuid,
    active: entry.live !== undefined,
    persistent: entry.stored !== undefined,
    autostart: entry.autostart,
    ...shownOfNetwork(documentOf(entry), undefined),
    members,
  };
}
