// The rules of a filter with those of all filters that it names, each with the values that it was named with.
// SPDX-License-Identifier: Apache-2.0
import type { Nwfilter } from '@ctvirt/xml';
import { EngineError } from '../../errors.js';

type Entry = NonNullable<Nwfilter['entries']>[number];
/** A rule as a filter has it. */
export type FilterRule = Extract<Entry, { kind: 'rule' }>;
/** Another filter that a filter names. */
export type FilterReference = Extract<Entry, { kind: 'filterref' }>;

/** Values by the names of variables. */
export type Variables = Readonly<Record<string, readonly string[]>>;

/** A rule, and where it counts. */
export interface PlacedRule {
  readonly rule: FilterRule;
  readonly filter: string;
  readonly chain: string;
  readonly chainPriority: number;
  /** What filters on the way to it say of its variables; what the interface says goes before. */
  readonly given: Variables;
}

/** Priorities of chains by what their names begin with. */
const priorities: readonly (readonly [prefix: string, priority: number])[] = [
  ['root', 0],
  ['mac', -800],
  ['vlan', -750],
  ['ipv4', -700],
  ['ipv6', -600],
  ['arp', -500],
  ['rarp', -400],
];

const chainPriority = ({ chain = 'root', priority }: Nwfilter): number =>
  priority ?? priorities.find(([prefix]) => chain.startsWith(prefix))?.[1] ?? 0;

/** Returns those a filter names, each once. */
export const referencesOf = ({ entries = [] }: Nwfilter): string[] => [
  ...new Set(entries.flatMap((entry) => (entry.kind === 'filterref' ? [entry.filter] : []))),
];

/** Parameters as values by names: one of several values stands there that many times. */
export function variablesIn(
  parameters: readonly { readonly name: string; readonly value: string }[] | undefined,
): Variables {
  const values = new Map<string, string[]>();
  for (const { name, value } of parameters ?? []) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

/** Filters that name others twice each double with each step. */
const MOST_ENTRIES = 4096;

/** In the order of the documents. Throws `not-found` for a filter that there is not, `invalid` for one that names itself. */
export function placedRules(name: string, find: (name: string) => Nwfilter | undefined): PlacedRule[] {
  let count = 0;
  const tick = (): void => {
    if (++count > MOST_ENTRIES)
      throw new EngineError(
        'invalid',
        `filter '${name}' has more than ${MOST_ENTRIES} rules and filters with all that it names`,
        { name },
      );
  };
  const walk = (wanted: string, given: Variables, above: readonly string[]): PlacedRule[] => {
    if (above.includes(wanted))
      throw new EngineError(
        'invalid',
        `filter '${wanted}' names itself, by ${[...above, wanted].join(', ')}`,
        {
          name: wanted,
        },
      );
    const filter = find(wanted);
    if (filter === undefined)
      throw new EngineError(
        'not-found',
        `there is no network filter '${wanted}'${above.length === 0 ? '' : `, which '${above.at(-1)}' names`}: define it (ctvirt filter list shows those there are)`,
        { name: wanted },
      );
    const place = {
      filter: wanted,
      chain: filter.chain ?? 'root',
      chainPriority: chainPriority(filter),
      given,
    };
    return (filter.entries ?? []).flatMap((entry) => {
      tick();
      return entry.kind === 'rule'
        ? [{ ...place, rule: entry }]
        : walk(entry.filter, { ...variablesIn(entry.parameters), ...given }, [...above, wanted]);
    });
  };
  return walk(name, {}, []);
}
