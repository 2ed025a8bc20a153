// A domain as every list shows it: what is known of it without a look at the container.
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
import { finding } from './finding.js';

/** libvirt's states, as far as containers have them. */
export const domainState = oneOf(['running', 'paused', 'shutoff'], {
  description: "libvirt's state: `paused` is frozen, `shutoff` has no process",
});
/** One of libvirt's states that containers have. */
export type DomainState = Static<typeof domainState>;

/** Why a domain is in its state, in libvirt's words. */
export const stateReason = oneOf(
  ['unknown', 'booted', 'user', 'unpaused', 'shutdown', 'destroyed', 'crashed', 'failed'],
  {
    description:
      "libvirt's reason for the state; of `shutoff`: `shutdown` by itself or as asked, `crashed` by a signal or an exit status, `failed` to start, `unknown` if it never ran",
  },
);
/** One of libvirt's reasons for a state. */
export type StateReason = Static<typeof stateReason>;

/** One line of `list`: everything here is known without a look at the container. */
export const domainSummary = object(
  {
    id: nullable(
      integer({
        description:
          "libvirt's id: the CTID of a running openvz domain, else the monitor's pid; null if it is off",
      }),
    ),
    name: string({ description: '`<name>` of its document, no other domain has it' }),
    uuid: string({ description: '`<uuid>` of its document, or the one it was given; 36 characters' }),
    type: string({ description: "The `type` of its document's `<domain>`: `openvz`, `lxc` or `vserver`" }),
    title: nullable(string({ description: 'One line for people, from `<title>` of its document' })),
    state: domainState,
    reason: stateReason,
    autostart: boolean({ description: 'Whether the first daemon after a boot of the host starts it' }),
    order: optional(
      integer({
        description:
          'Lower ones start earlier with the host, and are shut down later; missing for those that start last',
      }),
    ),
    delaySeconds: optional(
      integer({ description: 'How long those of later orders wait after its start; missing if not at all' }),
    ),
    persistent: boolean({ description: 'Whether it stays defined when it is off' }),
    ctid: nullable(integer({ description: "OpenVZ's number of it; null if it has none" })),
    template: nullable(string({ description: 'The template of its root; null if that is none' })),
    profile: nullable(string({ description: 'The profile that filled in its document' })),
    hostname: string({ description: 'What it is told to be called inside' }),
    addresses: list(string(), {
      description: 'IPv4 and IPv6 addresses of its document, without prefix',
    }),
  },
  {
    title: 'DomainSummary',
    description:
      'What is known of a domain without a look at the container; of a running one its document is the one it runs with',
  },
);
/** One line of `list`. */
export type DomainSummary = Static<typeof domainSummary>;

/** Where the root of a domain that is off is mounted. */
export const rootMount = object(
  { path: string({ description: "A folder of the host, which is root's alone" }) },
  { title: 'RootMount', description: 'Where the root of a domain that is off is mounted' },
);
/** Where the root of a domain that is off is mounted. */
export type RootMount = Static<typeof rootMount>;

/** One of those that are mounted. */
export const mountedRoot = object(
  { ...rootMount.properties, uuid: string({ description: "The domain's UUID" }) },
  { title: 'MountedRoot', description: 'The root of a domain that is mounted on the host' },
);
/** One of those that are mounted. */
export type MountedRoot = Static<typeof mountedRoot>;

/** Whether, when among the others, and how long before the next ones a domain starts with the host. */
export const autostartChange = strict({
  autostart: optional(boolean({ description: 'Whether the first daemon after a boot starts it' })),
  order: optional(
    nullable(
      integer({
        minimum: 0,
        maximum: 1_000_000,
        description: 'Lower ones start earlier, and are shut down later; null for with the last ones',
      }),
    ),
  ),
  delaySeconds: optional(
    nullable(
      integer({
        minimum: 0,
        maximum: 86_400,
        description: 'How long those of later orders wait after its start; null for not at all',
      }),
    ),
  ),
});
/** What is to become of a domain when the host starts; what is not named stays. */
export type AutostartChange = Static<typeof autostartChange>;

/** The domain that a document has become, and what is to be said of the document. */
export const defineResult = object(
  {
    domain: domainSummary,
    findings: list(finding, { description: 'What was kept but not understood, or is not enforced here' }),
    changed: optional(
      boolean({ description: 'Whether a domain of this name was there, and has this document now' }),
    ),
  },
  { title: 'DefineResult', description: 'A domain that was defined, and remarks on its document' },
);
/** The domain that a document has become. */
export type DefineResult = Static<typeof defineResult>;
