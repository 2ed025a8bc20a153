// The network filters of an engine: what is stored of them, and what is done with them.
// SPDX-License-Identifier: Apache-2.0
import type { Domain, Finding } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { filterFindings } from '../filters/findings.js';
import { filterOperations } from '../filters/operations.js';
import { FilterStore } from '../filters/store.js';
import { KeyedQueue } from '../state/queue.js';
import type { HostParts } from './host.js';
import type { StateParts } from './state.js';

/** Objects that stand for filters. */
export interface FilterBuild {
  readonly filterQueue: KeyedQueue;
  readonly filterOperations: Engine['filters'];
  /** What is to be said of the filters that a domain's document names. */
  readonly filterFindings: (domain: Domain) => Promise<Finding[]>;
}

type Below = Pick<HostParts, 'layout' | 'log' | 'filters' | 'wall'> &
  Pick<StateParts, 'registry' | 'store' | 'turns'>;

/** Reads what is defined, and removes what an earlier daemon left half-made. */
export async function openFilters(below: Below): Promise<FilterBuild> {
  const { layout, log, filters, wall, store, turns } = below;
  const filterStore = new FilterStore(layout.filters);
  for (const path of await filterStore.recover())
    log('warn', `removed ${path}, left by an interrupted operation`);
  const { filters: own, damaged } = filterStore.load();
  for (const error of damaged) log('error', error.message);
  for (const filter of own) filters.set(filter.name, filter);
  const filterQueue = new KeyedQueue();
  return {
    filterQueue,
    filterOperations: filterOperations({
      ...below,
      filterStore,
      filterQueue,
      storedXml: async (entry) => {
        const [xml] = await turns.lookAtEach([entry], ({ record }) => store.readXml(record.name));
        return xml;
      },
    }),
    filterFindings: (domain) => filterFindings(domain, (name) => wall.filters.program(name)),
  };
}
