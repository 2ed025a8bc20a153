// The links of a container as its document asks for them.
// SPDX-License-Identifier: Apache-2.0
import type { Rates } from '../host/shaping.js';
import type { PortTags } from './port-tags.js';
import type { StaticRoute } from './routes.js';

/** A network filter by its name. */
export interface LinkFilter {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/**
 * A network link of the container. `routed` is OpenVZ's venet: addresses the host has a route to, no bridge. A `card` is the host's, lent
 * to the container.
 */
export interface LinkPlan {
  readonly kind: 'routed' | 'bridge' | 'macvlan' | 'card';
  /** The network of ours that it is on. */
  readonly network?: string;
  /** Bridge or parent device on the host; of a card of a run its name there. */
  readonly parent: string | undefined;
  /** Where a card is on a PCI bus. */
  readonly place?: string;
  readonly macvlanMode: string | undefined;
  /** Names inside and on the host. */
  readonly name: string;
  readonly hostName: string | undefined;
  /** Empty of a card that keeps its own. */
  readonly mac: string;
  /** Whether the container may send in any name. */
  readonly isTrusted: boolean;
  /** The filter that its document names, with values for the filter's variables. */
  readonly filter: LinkFilter | undefined;
  /** Whether other such ports of its bridge and this one do not reach each other. */
  readonly isIsolated: boolean;
  /** The VLANs that it is in, where its document says so; of a port of a bridge. */
  readonly tags?: PortTags;
  readonly mtu: number | undefined;
  readonly up: boolean;
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly family: 4 | 6;
    /** Whether it is kept for this link by a network of ours: nobody else has it there. */
    readonly isKept?: boolean;
  }[];
  /** Families that its network has no addresses of: it has none either but those of its document. */
  readonly absent?: readonly (4 | 6)[];
  readonly gateways: readonly { readonly address: string; readonly family: 4 | 6 }[];
  /** Inside, beside the default ones. */
  readonly routes?: readonly StaticRoute[];
  readonly rates: Rates;
}

/** What the host's ends of one domain's links begin with, by the name of one; undefined of what is no such end. */
export const prefixOfEnd = (name: string): string | undefined => /^(cv[0-9a-z]+)\.\d+$/.exec(name)?.[1];

/**
 * Addresses that are had at once, without the second or two in which the kernel looks for a duplicate of an IPv6 one and refuses it to
 * programs: only the host is at the other end of a routed link, and a network of ours gives an address to one.
 */
export const settledAddresses = ({
  kind,
  addresses,
}: Pick<LinkPlan, 'kind' | 'addresses'>): LinkPlan['addresses'] =>
  addresses.filter(({ family, isKept }) => family === 6 && (kind === 'routed' || isKept === true));
