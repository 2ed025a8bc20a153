// Network filters, and the links of running domains that have one.
// SPDX-License-Identifier: Apache-2.0
import { boolean, list, object, type Static, string } from '../schema.js';
import { finding } from './finding.js';

/** A network filter as lists show it. */
export const filterSummary = object(
  {
    name: string({ description: '`name` of its document, no other filter has it' }),
    uuid: string({ description: '`<uuid>` of its document, or the one it was given; 36 characters' }),
    chain: string({ description: 'The chain that its rules stand in' }),
    shipped: boolean({ description: 'Whether it comes with ctvirt, and not from a document of yours' }),
    filters: list(string({ description: 'Name of a filter' }), {
      description: 'Filters whose rules count in it',
    }),
  },
  { title: 'Filter', description: 'A filter that interfaces of domains can name' },
);
/** A network filter as lists show it. */
export type FilterSummary = Static<typeof filterSummary>;

/** The filter that a document has become, and what is to be said of the document. */
export const filterDefineResult = object(
  {
    filter: filterSummary,
    findings: list(finding, { description: 'What is done in another way here, or cannot be done' }),
  },
  { title: 'FilterDefineResult', description: 'A filter that was defined, and remarks on its document' },
);
/** The filter that a document has become. */
export type FilterDefineResult = Static<typeof filterDefineResult>;

/** A link of a running domain that has a filter. */
export const filterBinding = object(
  {
    link: string({ description: 'Name of the link on the host' }),
    domain: string({ description: 'Name of its domain' }),
    uuid: string({ description: 'UUID of its domain' }),
    interface: string({ description: 'Name of the link inside' }),
    mac: string({ description: 'Its hardware address' }),
    filter: string({ description: 'The filter that it has' }),
    parameters: list(
      object({
        name: string({ description: 'Name of a variable' }),
        value: string({ description: 'A value of it' }),
      }),
      { description: 'What its document gives the filter' },
    ),
  },
  { title: 'FilterBinding', description: 'A link that has a filter' },
);
/** A link of a running domain that has a filter. */
export type FilterBinding = Static<typeof filterBinding>;
