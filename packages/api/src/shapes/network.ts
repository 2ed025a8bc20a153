// Networks of ours, and the addresses that are given out there.
// SPDX-License-Identifier: Apache-2.0
import { boolean, integer, list, nullable, object, oneOf, type Static, string } from '../schema.js';

const subnet = object({
  address: string({ description: "The host's address in it" }),
  prefix: integer({ description: 'Length of its prefix' }),
  dhcp: boolean({ description: 'Whether addresses of it are given out' }),
});

/** A network as lists show it. */
export const networkSummary = object(
  {
    name: string(),
    uuid: string(),
    active: boolean({ description: 'Whether it runs' }),
    persistent: boolean({ description: 'Whether it stays defined when it is stopped' }),
    autostart: boolean({ description: 'Whether it is started with the daemon' }),
    bridge: nullable(string({ description: 'The bridge of the host that it is' })),
    forward: oneOf(['nat', 'route', 'open', 'none', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev'], {
      description: 'How its members reach others; `none` if they do not',
    }),
    subnets: list(subnet),
    domain: nullable(string({ description: 'DNS domain of its members' })),
    members: integer({ description: 'Interfaces of running domains on it' }),
  },
  { title: 'Network', description: 'A network that interfaces of domains can name' },
);
/** A network as lists show it. */
export type NetworkSummary = Static<typeof networkSummary>;

/** An address that somebody has on a network. */
export const networkLease = object(
  {
    family: oneOf(['ipv4', 'ipv6']),
    address: string(),
    prefix: integer({ description: 'Length of the prefix of its subnet' }),
    mac: nullable(string({ description: 'Hardware address of the link' })),
    hostname: nullable(string()),
    domain: nullable(string({ description: 'The domain that has it; null for a stranger on the bridge' })),
    clientId: nullable(string({ description: 'What the client calls itself: of IPv6 its DUID' })),
    iaid: nullable(string({ description: "Of IPv6: the client's number of its link" })),
    expires: nullable(string({ description: 'RFC 3339; null for one that is kept for ever' })),
  },
  { title: 'NetworkLease', description: 'An address on a network, and who has it' },
);
/** An address on a network, and who has it. */
export type NetworkLease = Static<typeof networkLease>;

/** Something happened to a network. */
export const networkEvent = object(
  {
    event: oneOf(['defined', 'undefined', 'started', 'stopped'], {
      description: "libvirt's name of the event",
    }),
    network: networkSummary,
    at: string({ description: 'When it happened: RFC 3339' }),
  },
  { title: 'NetworkEvent', description: 'A network came, went, or changed its state' },
);
/** Something happened to a network. */
export type NetworkEvent = Static<typeof networkEvent>;
