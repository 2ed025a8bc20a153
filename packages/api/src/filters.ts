// Network filters over HTTP: what interfaces of domains may send and are sent, by the names of rules.
// SPDX-License-Identifier: Apache-2.0
import { json, none, resource, text, xml } from './route.js';
import { boolean, list } from './schema.js';
import { filterBinding, filterDefineResult, filterSummary } from './shapes/filter.js';

/** Network filters: their definition, and who has which. */
export const filters = resource({
  list: {
    method: 'GET',
    path: '/v1/filters',
    role: 'viewer',
    summary: 'List network filters',
    body: none,
    answer: json(list(filterSummary)),
  },
  define: {
    method: 'POST',
    path: '/v1/filters',
    role: 'admin',
    summary:
      'Define a network filter from its XML; what runs with it has its rules at once; with `If-Match` only while the one of its name is the one that was read, else `changed`',
    query: { strict: boolean({ description: 'Refuse what is not understood instead of keeping it' }) },
    body: xml,
    answer: json(filterDefineResult),
    tag: 'matched',
  },
  info: {
    method: 'GET',
    path: '/v1/filters/{filter}',
    role: 'viewer',
    summary: 'One network filter',
    body: none,
    answer: json(filterSummary),
  },
  undefine: {
    method: 'DELETE',
    path: '/v1/filters/{filter}',
    role: 'admin',
    summary: 'Forget a network filter that no filter and no domain names',
    body: none,
    answer: none,
  },
  xml: {
    method: 'GET',
    path: '/v1/filters/{filter}/xml',
    role: 'viewer',
    summary: "A network filter's XML",
    body: none,
    answer: text('application/xml'),
    tag: 'told',
  },
  bindings: {
    method: 'GET',
    path: '/v1/filter-bindings',
    role: 'viewer',
    summary: 'Links of running domains that have a network filter',
    body: none,
    answer: json(list(filterBinding)),
  },
});
