// Ports of the host at which containers answer: the rows of `ctvirt forward`, and a change of them.
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

const protocol = oneOf(['tcp', 'udp'], { description: 'What it is for' });
const port = (description: string) => integer({ minimum: 1, maximum: 65_535, description });

/** Ports of the host, and where they lead. */
export const forwardRow = object(
  {
    domain: string({ description: "The domain's name" }),
    interface: string({ description: "The interface's name inside" }),
    network: string({ description: 'The network it is on' }),
    protocol,
    address: nullable(string({ description: "The host's address; null is all that it has" })),
    dev: nullable(string({ description: 'The link of the host that it is asked by; null is any' })),
    start: integer({ description: "The host's first port" }),
    end: integer({ description: 'Its last' }),
    to: integer({ description: "The container's port for the first; the others follow" }),
    targets: list(string({ description: 'An address' }), {
      description: "The container's addresses there, the first of each family is asked",
    }),
    active: boolean({ description: 'Whether it leads there now: the domain and its network run' }),
  },
  { title: 'ForwardRow', description: 'Ports of the host, and where they lead' },
);
/** Ports of the host, and where they lead. */
export type ForwardRow = Static<typeof forwardRow>;

/** What can be done with forwards. */
export const forwardActions = ['add', 'remove'] as const;

/** Ports that are asked for, or not any more. */
export const forwardPorts = strict({
  protocol,
  start: port("The host's first port"),
  end: optional(port('Its last; without it the first is the only one')),
  to: optional(
    port(
      "The container's port for the first; without it the host's own. Of what is removed it has to be that; without it any",
    ),
  ),
  address: optional(
    string({
      maxLength: 64,
      description: "The host's address; without it all, and of what is removed whichever it is",
    }),
  ),
  dev: optional(string({ maxLength: 15, description: 'The link of the host that it is asked by, likewise' })),
});
/** Ports that are asked for, or not any more. */
export type ForwardPorts = Static<typeof forwardPorts>;

/** A change of the ports of one domain, done whole or not at all. */
export const forwardChange = strict({
  action: oneOf(forwardActions, { description: 'What is done with them' }),
  forwards: list(forwardPorts, { description: 'The ports', maxItems: 100 }),
  network: optional(
    string({
      maxLength: 255,
      description: 'Of the interface on this network; without it of the first on one that forwards',
    }),
  ),
  live: optional(boolean({ description: 'In the running domain' })),
  stored: optional(
    boolean({ description: 'In its next start; without either, in the running one if it runs' }),
  ),
});
/** A change of the ports of one domain. */
export type ForwardChange = Static<typeof forwardChange>;

/** What a domain forwards after a change, and what is to be said of it. */
export const forwardResult = object(
  {
    forwards: list(forwardRow, { description: 'All of the domain, as they are then' }),
    findings: list(finding, { description: 'Remarks on what was added' }),
  },
  { title: 'ForwardResult', description: 'What a domain forwards after a change' },
);
/** What a domain forwards after a change. */
export type ForwardResult = Static<typeof forwardResult>;
