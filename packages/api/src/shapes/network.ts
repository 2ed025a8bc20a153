// Networks of ours, and the addresses that are given out there.
// SPDX-License-Identifier: Apache-2.0
import {
  boolean,
  integer,
  list,
  nullable,
  object,
  oneOf,
  optional,
  type Static,
  strict,
  string,
} from '../schema.js';
import { eventMembers } from './event.js';
import { finding } from './finding.js';

const subnet = object({
  address: string({ description: "The host's address in it" }),
  prefix: integer({ description: 'Length of its prefix' }),
  dhcp: boolean({ description: 'Whether addresses of it are given out' }),
});

/** A network as lists show it. */
export const networkSummary = object(
  {
    name: string({ description: '`<name>` of its document, no other network has it' }),
    uuid: string({ description: '`<uuid>` of its document, or the one it was given; 36 characters' }),
    active: boolean({ description: 'Whether it runs' }),
    persistent: boolean({ description: 'Whether it stays defined when it is stopped' }),
    autostart: boolean({ description: 'Whether it is started with the daemon' }),
    bridge: nullable(string({ description: 'The bridge of the host that it is' })),
    forward: oneOf(['nat', 'route', 'open', 'none', 'bridge', 'private', 'vepa', 'passthrough', 'hostdev'], {
      description: 'How its members reach others; `none` if they do not',
    }),
    subnets: list(subnet, { description: 'Its `<ip>`, in the order of the document' }),
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
    family: oneOf(['ipv4', 'ipv6'], { description: 'Of the address' }),
    address: string({ description: 'Without prefix' }),
    prefix: integer({ description: 'Length of the prefix of its subnet' }),
    mac: nullable(string({ description: 'Hardware address of the link' })),
    hostname: nullable(string({ description: 'What it is called, or calls itself' })),
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
    event: oneOf(['defined', 'undefined', 'started', 'stopped', 'changed'], {
      description: "libvirt's name of the event, or `changed`: its document was, without a new definition",
    }),
    network: networkSummary,
    ...eventMembers,
  },
  { title: 'NetworkEvent', description: 'A network came, went, or changed its state' },
);
/** Something happened to a network. */
export type NetworkEvent = Static<typeof networkEvent>;

/** The network that a document has become, and what is to be said of the document. */
export const networkDefineResult = object(
  {
    network: networkSummary,
    findings: list(finding, { description: 'What was kept but not understood, or is not enforced here' }),
  },
  { title: 'NetworkDefineResult', description: 'A network that was defined, and remarks on its document' },
);
/** The network that a document has become. */
export type NetworkDefineResult = Static<typeof networkDefineResult>;

/** The parts of a network's document that can be named to change something in them, by virsh's names and in libvirt's order. */
export const networkSections = [
  'bridge',
  'domain',
  'ip',
  'ip-dhcp-host',
  'ip-dhcp-range',
  'forward',
  'forward-interface',
  'forward-pf',
  'portgroup',
  'dns-host',
  'dns-txt',
  'dns-srv',
] as const;

/** What can be done with an element of a part, in libvirt's order. */
export const networkCommands = ['modify', 'delete', 'add-last', 'add-first'] as const;

/** One element of a network's document, added, changed or taken out. */
export const networkUpdate = strict({
  section: oneOf(networkSections, { description: "The part, by virsh's name of it" }),
  command: oneOf(networkCommands, { description: 'What is done with the element' }),
  xml: string({
    maxLength: 1_048_576,
    description: 'The element; to take one out, what tells it from others',
  }),
  parent: optional(
    integer({
      minimum: -1,
      description: 'Of ip-dhcp-*: which `<ip>`, from 0; -1, as by default, for the one that fits',
    }),
  ),
  live: optional(boolean({ description: 'Of the running network' })),
  stored: optional(
    boolean({ description: 'Of its next start; without either, of the running one if it runs' }),
  ),
});
/** One element of a network's document, added, changed or taken out. */
export type NetworkUpdate = Static<typeof networkUpdate>;
