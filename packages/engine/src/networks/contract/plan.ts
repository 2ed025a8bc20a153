// What a network's document asks of the host, worked out: names, addresses and modes are settled, nothing is left to be assumed.
// SPDX-License-Identifier: Apache-2.0
import type { Rates } from '../../host/shaping.js';

/** Of IPv4 or IPv6. */
export type Family = 4 | 6;

/** An address with the length of its network's prefix; the address itself is whole. */
export interface NetworkAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: Family;
  /** Whether nobody else is asked who has an address of its network. */
  readonly hasLocalPtr?: boolean;
  /** A folder of the host's whose files are handed out by TFTP. */
  readonly tftpRoot?: string;
}

/** From the first to the last, both included. */
export interface AddressRange {
  readonly start: string;
  readonly end: string;
  /** How long a lease lasts: undefined for libvirt's hour, `infinite`, or seconds. */
  readonly leaseSeconds: number | 'infinite' | undefined;
}

/** An address that a document keeps for one machine. */
export interface DhcpHost {
  readonly mac: string | undefined;
  /** DHCPv6's name of a machine. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly address: string | undefined;
  /** As in a range. */
  readonly leaseSeconds?: AddressRange['leaseSeconds'];
}

/** What is given out in one subnet. */
export interface DhcpPlan {
  readonly family: Family;
  /** The host's address there. */
  readonly server: string;
  readonly ranges: readonly AddressRange[];
  readonly hosts: readonly DhcpHost[];
  readonly bootp: { readonly file: string; readonly server: string | undefined } | undefined;
}

/** How members reach others. */
export type ForwardPlan =
  | { readonly mode: 'none' | 'open' }
  | { readonly mode: 'route'; readonly devs: readonly string[] }
  | {
      readonly mode: 'nat';
      readonly devs: readonly string[];
      /** What members are seen as; the address of the link they leave by if undefined. */
      readonly addresses: { readonly start: string; readonly end: string } | undefined;
      readonly ports: { readonly start: number; readonly end: number } | undefined;
      readonly ipv6: boolean;
    };

/** What members are answered by name. */
export interface DnsPlan {
  readonly isEnabled: boolean;
  /** Whether names without a dot are asked of others, too. */
  readonly forwardsPlainNames: boolean;
  readonly forwarders: readonly {
    readonly domain: string | undefined;
    readonly address: string | undefined;
  }[];
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
  readonly texts: readonly { readonly name: string; readonly value: string }[];
  readonly services: readonly {
    readonly service: string;
    readonly protocol: string;
    readonly domain: string | undefined;
    readonly target: string | undefined;
    readonly port: number | undefined;
    readonly priority: number | undefined;
    readonly weight: number | undefined;
  }[];
}

/** A bridge that is made for the network, and goes with it. */
export interface OwnBridge {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number | undefined;
  readonly stp: boolean;
  readonly delaySeconds: number;
  readonly addresses: readonly NetworkAddress[];
  readonly routes: readonly {
    readonly destination: string;
    readonly prefix: number;
    readonly family: Family;
    readonly gateway: string;
    readonly metric: number | undefined;
  }[];
  readonly forward: ForwardPlan;
  readonly dhcp: readonly DhcpPlan[];
  readonly dns: DnsPlan;
  /** Members' DNS domain. */
  readonly domain: { readonly name: string; readonly isLocal: boolean } | undefined;
  /** What passes between the host and all members together; among themselves they are not limited by it. */
  readonly rates: Rates;
  /** Whether IPv6 passes among members although the network has no address of it. */
  readonly passesIpv6: boolean;
}

/** A network that runs, or is to. */
export interface NetworkPlan {
  readonly name: string;
  readonly uuid: string;
  /** Undefined where members are plugged into a bridge of the host's, or stand on a link of it. */
  readonly bridge: OwnBridge | undefined;
}

/** Ports of the host that a member answers at, for all who cannot reach it. */
export interface PortForward {
  readonly protocol: 'tcp' | 'udp';
  /** The host's address that it is for; all that it has if undefined, but for the one it has for itself. */
  readonly address: string | undefined;
  /** The link of the host that it is asked by; any if undefined. */
  readonly dev?: string;
  readonly start: number;
  readonly end: number;
  /** The member's port for the first of them; the others follow. */
  readonly to: number;
}

/** Who has which address on a network. */
export interface Member {
  /** UUID of its domain. */
  readonly domain: string;
  readonly mac: string;
  /** What it is called, first by its host name. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  /** Whether the addresses are kept for it and given by DHCP; others its document gives, and are known by name alone. */
  readonly isReserved: boolean;
  readonly isRunning: boolean;
  /** On a network that translates or routes; who came first has a port that two ask for. */
  readonly forwards?: readonly PortForward[];
}

/** A lease that somebody asked for. */
export interface HeldLease {
  readonly mac: string | undefined;
  readonly address: string;
  readonly family: Family;
  readonly hostname: string | undefined;
  /** DHCP's name of the client: of IPv6 its DUID. */
  readonly clientId: string | undefined;
  readonly iaid: string | undefined;
  /** Seconds since 1970; 0 for one without end. */
  readonly expires: number;
}
