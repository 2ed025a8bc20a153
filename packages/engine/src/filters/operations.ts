// The engine's operations on network filters.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { FilterBinding, FilterSummary } from '@ctvirt/api';
import { formatDocument, type Nwfilter, parseDocument, placeFindings } from '@ctvirt/xml';
import type { Engine } from '../contract.js';
import { EngineError } from '../errors.js';
import { refuseErrors } from '../lifecycle/document.js';
import { refuseOtherTag } from '../lifecycle/document-tag.js';
import type { Wall } from '../network/wall.js';
import type { Entry, Registry } from '../registry/registry.js';
import { diskName } from '../state/layout.js';
import { checkUnlike } from '../state/names.js';
import type { KeyedQueue } from '../state/queue.js';
import { ownFindings } from './findings.js';
import type { KnownFilter, KnownFilters } from './rules/known-filters.js';
import { placedRules, referencesOf } from './rules/tree.js';
import type { FilterStore } from './store.js';

/** Dependencies of `filterOperations`. */
export interface FilterParts {
  readonly filters: KnownFilters;
  readonly filterStore: FilterStore;
  readonly wall: Pick<Wall, 'filters' | 'filtered' | 'checkFilters' | 'refilter'>;
  readonly registry: Registry;
  /** The stored document of a domain that is defined; undefined if it is gone meanwhile. */
  readonly storedXml: (entry: Entry) => Promise<string | undefined>;
  /** One change of filters at a time: they name each other. */
  readonly filterQueue: KeyedQueue;
}

type Operations = Engine['filters'];

/** What the engine answers on filters. */
export function filterOperations(parts: FilterParts): Operations {
  const { filters, filterQueue } = parts;
  const summary = (filter: KnownFilter): FilterSummary => summaryOf(filter, parts);
  const inTurn = async <T>(operation: () => Promise<T>): Promise<T> => await filterQueue.run('', operation);
  return {
    list: () => filters.list().map(summary),
    get: (ref) => summary(filters.find(ref)),
    find: (key) => {
      const found = 'name' in key ? filters.byName(key.name) : filters.byUuid(key.uuid);
      return found && summary(found);
    },
    xml: (ref) => formatDocument('filter', filters.find(ref)),
    define: async (xml, options) => await inTurn(() => define(xml, options, parts)),
    undefine: async (ref) => await inTurn(() => undefine(filters.find(ref), parts)),
    bindings: () => bindingsOf(parts),
  };
}

const summaryOf = (filter: KnownFilter, { filters }: FilterParts): FilterSummary => ({
  name: filter.name,
  uuid: filter.uuid,
  chain: filter.chain ?? 'root',
  shipped: !filters.isOwn(filter.name),
  filters: referencesOf(filter),
});

async function define(
  xml: string,
  { strict = false, tags }: NonNullable<Parameters<Operations['define']>[1]> = {},
  parts: FilterParts,
): ReturnType<Operations['define']> {
  const { filters, filterStore, wall } = parts;
  const { model, findings } = parseDocument('filter', xml, { strict });
  refuseErrors(findings, 'the document');
  if (model === undefined)
    throw new EngineError('invalid', 'the document is no network filter', { findings });
  diskName(model.name);
  const before = filters.own(model.name);
  if (before === undefined)
    checkUnlike('network filter', { name: model.name, uuid: model.uuid }, filters.list());
  const filter = { ...model, uuid: uuidFor(model, before, filters) };
  const stored = () => {
    const shown = filters.byName(model.name);
    return shown && formatDocument('filter', shown);
  };
  refuseOtherTag(`network filter '${model.name}'`, { stored }, tags);
  const findNext = (name: string) => (name === filter.name ? filter : filters.byName(name));
  // Whoever names it has to have a meaning, too.
  for (const { name } of filters.list()) if (name !== filter.name) placedRules(name, findNext);
  const program = await wall.filters.program(filter.name, findNext);
  await wall.checkFilters(findNext);
  await filterStore.write(filter, before === undefined);
  await apply(filter.name, filter, before, parts);
  const told = [...findings, ...placeFindings(xml, ownFindings(program))];
  return { filter: summaryOf(filter, parts), findings: told };
}

/** What runs has it, or nothing is changed. */
async function apply(
  name: string,
  next: KnownFilter | undefined,
  before: KnownFilter | undefined,
  { filters, filterStore, wall }: FilterParts,
): Promise<void> {
  filters.set(name, next);
  try {
    await wall.refilter();
  } catch (error) {
    filters.set(name, before);
    await (before === undefined ? filterStore.remove(name) : filterStore.write(before, next === undefined));
    await wall.refilter();
    throw error;
  }
}

/** A name has one UUID, and a UUID one name; what is shipped may be replaced by an own one of any. */
function uuidFor({ name, uuid }: Nwfilter, before: KnownFilter | undefined, filters: KnownFilters): string {
  if (uuid === undefined) return before?.uuid ?? randomUUID();
  if (before !== undefined && before.uuid !== uuid)
    throw new EngineError('exists', `filter '${name}' already exists with uuid ${before.uuid}`, { name });
  const other = filters.byUuid(uuid);
  if (other !== undefined && other.name !== name)
    throw new EngineError('exists', `filter '${other.name}' already exists with uuid ${uuid}`, {
      name: other.name,
    });
  return uuid;
}

/** Of one that stands in the place of a shipped one that is what is left. */
async function undefine({ name }: KnownFilter, parts: FilterParts): Promise<void> {
  const { filters, filterStore, wall } = parts;
  const before = filters.own(name);
  if (before === undefined)
    throw new EngineError('unsupported', `filter '${name}' comes with ctvirt: it is always there`);
  const find = (wanted: string) => (wanted === name ? filters.shipped(name) : filters.byName(wanted));
  if (find(name) === undefined) await refuseUsed(name, parts);
  else await wall.checkFilters(find);
  await filterStore.remove(name);
  await apply(name, undefined, before, parts);
}

async function refuseUsed(name: string, { filters, registry, wall, storedXml }: FilterParts): Promise<void> {
  const others = filters.list().filter((filter) => referencesOf(filter).includes(name));
  const running = new Set(
    [...wall.filtered()].flatMap(([uuid, { filter }]) => (filter?.name === name ? [uuid] : [])),
  );
  const domains: string[] = [];
  for (const entry of registry.here())
    if (running.has(entry.record.uuid) || namesFilter(await storedXml(entry), name))
      domains.push(entry.record.name);
  const users = [...others.map((filter) => filter.name), ...domains];
  const [first] = users;
  if (first === undefined) return;
  const more = users.length > 1 ? ` and ${users.length - 1} more` : '';
  throw new EngineError(
    'in-use',
    `${others.length > 0 ? 'filter' : 'domain'} '${first}'${more} ${users.length > 1 ? 'name' : 'names'} filter '${name}'`,
    { name, users },
  );
}

/** Only who has such a word is read. */
function namesFilter(xml: string | undefined, name: string): boolean {
  if (xml?.includes('<filterref') !== true) return false;
  const { model } = parseDocument('domain', xml, { stored: true });
  return (model?.devices.interfaces ?? []).some(({ filterref }) => filterref?.filter === name);
}

const bindingsOf = ({ wall, registry }: FilterParts): FilterBinding[] =>
  [...wall.filtered()].flatMap(([uuid, { filter, hostName, mac, name }]) => {
    const domain = registry.byUuid(uuid)?.record.name;
    if (filter === undefined || hostName === undefined || domain === undefined) return [];
    return [
      {
        domain,
        uuid,
        link: hostName,
        interface: name,
        mac,
        filter: filter.name,
        parameters: [...filter.parameters],
      },
    ];
  });
