// What the engine needs of one of the things that run domains: the driver, and what watches all of its runs together.
// SPDX-License-Identifier: Apache-2.0

import type { BeancounterReport } from '@ctvirt/api';
import type { Domain } from '@ctvirt/xml';
import type { Listener } from '../host/listeners.js';
import type { CardLink } from '../host/pci-links.js';
import type { NetworkHost } from '../networks/contract/network-host.js';
import type { Driver, HostTime, Look, Subject } from './driver.js';

/** OpenVZ's accounts. */
export interface Accounts<S extends Subject> {
  /** Of a domain that is off only what it may have. */
  report(subject: S): Promise<BeancounterReport>;
  /** Of all that run. */
  reports(): Promise<readonly BeancounterReport[]>;
}

/** Looks at what runs, every ten seconds. */
export interface Looks<S extends Subject> {
  /** Before each round: reads what the kernel tells of all runs together. */
  begin(): Promise<void>;
  /** Of one that runs; undefined where it has just ended. */
  look(subject: S, host: HostTime): Look | undefined;
  /** The path of its control group, below where those are mounted; null where it has none. */
  group(subject: S): string | null;
  /** Its accounts as the last look found them: nothing is read. */
  known(subject: S): BeancounterReport | undefined;
}

/** The host's links, the ends of runs' links among them. */
export interface HostLinks {
  has(name: string): boolean;
  /** Whether the host has an address, by whichever link. */
  hasAddress(address: string): boolean;
  /** Plugs them into a bridge; what is gone meanwhile is passed over. */
  plug(bridge: string, names: readonly string[]): Promise<void>;
  /** The link that is the card at a place on a PCI bus; throws where there is none that could be handed over. */
  cardAt(place: string): CardLink;
  /** Where programs of the host listen. */
  listeners(): Promise<readonly Listener[]>;
}

/** One of the things that run domains. */
export interface Floor<S extends Subject> {
  readonly driver: Driver;
  readonly accounting: Accounts<S>;
  readonly looks: Looks<S>;
  readonly networks: NetworkHost;
  /** Its own word for its version. */
  version(): Promise<string>;
  /** A daemon that starts tells of each domain that runs, with the document of its run. */
  know(subject: S, domain: Domain): void;
  readonly links: HostLinks;
  /** Looks after what runs from now on; told of those it knows whose addresses are no other's. */
  open(running: readonly S[]): Promise<void>;
  /** Stops looking; what runs goes on. */
  close(used: { readonly isUsed: boolean }): Promise<void>;
}
