// Networks over HTTP: what domains are plugged into, and who has which address there.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource, text, xml } from './route.js';
import { boolean, list, strict, string } from './schema.js';
import { networkDefineResult, networkLease, networkSummary, networkUpdate } from './shapes/network.js';

/** Networks: their definition, their life, and the addresses given out on them. */
export const networks = resource({
  list: {
    method: 'GET',
    path: '/v1/networks',
    role: 'viewer',
    summary: 'List networks',
    query: { active: boolean({ description: 'Only running ones, or only stopped ones' }) },
    body: none,
    answer: json(list(networkSummary)),
  },
  define: {
    method: 'POST',
    path: '/v1/networks',
    role: 'admin',
    summary:
      'Define a network from its XML, or with `transient` start one that is gone when it stops; with `If-Match` only while the one of its name is the one that was read, else `changed`',
    query: {
      strict: boolean({ description: 'Refuse what is not understood instead of keeping it' }),
      transient: boolean({ description: 'Start it now, and forget it when it stops' }),
    },
    body: xml,
    answer: json(networkDefineResult),
    tag: 'matched',
  },
  info: {
    method: 'GET',
    path: '/v1/networks/{network}',
    role: 'viewer',
    summary: 'One network',
    body: none,
    answer: json(networkSummary),
  },
  undefine: {
    method: 'DELETE',
    path: '/v1/networks/{network}',
    role: 'admin',
    summary: 'Forget a network that no running domain uses',
    body: none,
    answer: none,
  },
  xml: {
    method: 'GET',
    path: '/v1/networks/{network}/xml',
    role: 'viewer',
    summary: "A network's XML",
    query: { inactive: boolean({ description: 'As its next start will read it' }) },
    body: none,
    answer: text('application/xml'),
    tag: 'told',
  },
  start: {
    method: 'POST',
    path: '/v1/networks/{network}/start',
    role: 'operator',
    summary: 'Start a defined network',
    body: none,
    answer: json(networkSummary),
  },
  stop: {
    method: 'POST',
    path: '/v1/networks/{network}/stop',
    role: 'operator',
    summary: 'Stop a network; interfaces of running domains stay, and are plugged in again when it starts',
    body: none,
    answer: json(networkSummary),
  },
  autostart: {
    method: 'PUT',
    path: '/v1/networks/{network}/autostart',
    role: 'operator',
    summary: 'Say whether a network starts with each boot of the host',
    body: json(
      strict({ autostart: boolean({ description: 'Whether the first daemon after a boot starts it' }) }),
    ),
    answer: json(networkSummary),
  },
  update: {
    method: 'POST',
    path: '/v1/networks/{network}/update',
    role: 'admin',
    summary: "Add, change or take out one element of a network's document, without a restart",
    body: json(networkUpdate),
    answer: json(networkSummary),
  },
  users: {
    method: 'GET',
    path: '/v1/networks/{network}/users',
    role: 'viewer',
    summary: 'Which running domains have an interface on a network',
    body: none,
    answer: json(list(string({ description: "The domain's name" }))),
  },
  leases: {
    method: 'GET',
    path: '/v1/networks/{network}/leases',
    role: 'viewer',
    summary: 'Who has which address on a network',
    query: { mac: string({ description: 'Only those of this hardware address' }) },
    body: none,
    answer: json(list(networkLease)),
  },
});
