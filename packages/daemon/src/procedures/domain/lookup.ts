// Finding domains: lists with their filters, and single ones by id, name and UUID.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { Engine } from '@ctvirt/engine';
import { type Bind, domainsOf, lookUp, toWireDomain } from '../session.js';
import { type FilterFlag, filtered, listed } from '../words/list-flags.js';

const always = (): boolean => true;
const never = (): boolean => false;

const hasSnapshots = ({ snapshots }: Engine, { uuid }: DomainSummary): boolean =>
  snapshots.list(uuid).length > 0;

/** virConnectListAllDomainsFlags. */
export const domainFilters = (engine: Engine): readonly (readonly FilterFlag<DomainSummary>[])[] => [
  [
    [1, ({ id }) => id !== null],
    [2, ({ id }) => id === null],
  ],
  [
    [4, ({ persistent }) => persistent],
    [8, ({ persistent }) => !persistent],
  ],
  [
    [16, ({ state }) => state === 'running'],
    [32, ({ state }) => state === 'paused'],
    [64, ({ state }) => state === 'shutoff'],
    // No container is in another of libvirt's states.
    [128, never],
  ],
  // No domain has an image of a managed save or a checkpoint.
  [
    [256, never],
    [512, always],
  ],
  [
    [1024, ({ autostart }) => autostart],
    [2048, ({ autostart }) => !autostart],
  ],
  [
    [4096, (domain) => hasSnapshots(engine, domain)],
    [8192, (domain) => !hasSnapshots(engine, domain)],
  ],
  [
    [16_384, never],
    [32_768, always],
  ],
];

/** Running ones first by id, then the others by name: the order clients show them in. */
export const inOrder = (a: DomainSummary, b: DomainSummary): number =>
  (a.id ?? Number.MAX_SAFE_INTEGER) - (b.id ?? Number.MAX_SAFE_INTEGER) || (a.name < b.name ? -1 : 1);

/** Only domains of the connection's type are listed and found; any other is `noDomain`. */
export const bindDomainLookup: Bind = ({ engine }) => ({
  connectListAllDomains({ needResults, flags }, { session }) {
    const domains = filtered(domainsOf(engine, session), flags, domainFilters(engine)).sort(inOrder);
    const { items, ret } = listed(domains, needResults);
    return { domains: items.map(toWireDomain), ret };
  },
  connectNumOfDomains: (_, { session }) => ({
    num: domainsOf(engine, session).filter(({ id }) => id !== null).length,
  }),
  connectListDomains: ({ maxids }, { session }) => ({
    ids: domainsOf(engine, session)
      .flatMap(({ id }) => (id === null ? [] : [id]))
      .sort((a, b) => a - b)
      .slice(0, Math.max(0, maxids)),
  }),
  connectNumOfDefinedDomains: (_, { session }) => ({
    num: domainsOf(engine, session).filter(({ id }) => id === null).length,
  }),
  connectListDefinedDomains: ({ maxnames }, { session }) => ({
    names: domainsOf(engine, session)
      .filter(({ id }) => id === null)
      .map(({ name }) => name)
      .sort()
      .slice(0, Math.max(0, maxnames)),
  }),
  domainLookupById: ({ id }, { session }) => ({ dom: toWireDomain(lookUp(engine, session, { id })) }),
  domainLookupByName: ({ name }, { session }) => ({ dom: toWireDomain(lookUp(engine, session, { name })) }),
  domainLookupByUuid: ({ uuid }, { session }) => ({ dom: toWireDomain(lookUp(engine, session, { uuid })) }),
});
