// ctvirt list
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeState } from '../wording.js';
import { plainLines, plainOptions } from './listing.js';

/** JSON is an array of summaries in the order of the table, whatever columns were asked for. */
export const list = verb({
  name: 'list',
  group: 'Domains',
  summary: 'List domains',
  details: [
    'Without a filter, the running ones. Filters of one kind add up, filters of different kinds narrow.',
  ],
  args: {},
  options: {
    all: { type: 'flag', summary: 'Stopped domains too' },
    inactive: { type: 'flag', summary: 'Only stopped domains' },
    'state-running': { type: 'flag', summary: 'Only running ones' },
    'state-paused': { type: 'flag', summary: 'Only suspended ones' },
    'state-shutoff': { type: 'flag', summary: 'Only stopped ones' },
    'state-other': { type: 'flag', summary: 'Only ones in another state' },
    persistent: { type: 'flag', summary: 'Only defined ones' },
    transient: { type: 'flag', summary: 'Only created ones' },
    autostart: { type: 'flag', summary: 'Only ones that start with the host' },
    'no-autostart': { type: 'flag', summary: 'Only ones that do not' },
    ...plainOptions,
    id: { type: 'flag', summary: 'Print ids, one a line' },
    table: { type: 'flag', summary: 'Print a table (as without an option)' },
    title: { type: 'flag', summary: 'Add the titles' },
    details: { type: 'flag', summary: 'Add type, template, profile, hostname and addresses' },
  },
  example: { command: 'ctvirt list --all', does: 'Lists every domain with its id, name and state.' },
  async run(context, { options }) {
    const all = await context.busy('listing', () => context.client.domains.list(scopeOf(options)));
    const domains = all.filter((domain) => isWanted(domain, options)).sort(byIdThenName);
    if (options.name === true) context.printVerbatim(domains, textOf(domains, options));
    else context.print(domains, () => textOf(domains, options));
  },
});

type Flags = { readonly [name: string]: boolean };

/** What to ask the daemon for: the list without a filter holds running domains only, as virsh's does. */
function scopeOf(options: Flags): { active?: boolean } {
  if (options.all === true) return {};
  return { active: options.inactive !== true && options['state-shutoff'] !== true };
}

const filters: readonly (readonly { readonly flag: string; admits(domain: DomainSummary): boolean }[])[] = [
  [
    { flag: 'state-running', admits: ({ state }) => state === 'running' },
    { flag: 'state-paused', admits: ({ state }) => state === 'paused' },
    { flag: 'state-shutoff', admits: ({ state }) => state === 'shutoff' },
    // virsh's word for states that no container has.
    { flag: 'state-other', admits: () => false },
  ],
  [
    { flag: 'persistent', admits: ({ persistent }) => persistent },
    { flag: 'transient', admits: ({ persistent }) => !persistent },
  ],
  [
    { flag: 'autostart', admits: ({ autostart }) => autostart },
    { flag: 'no-autostart', admits: ({ autostart }) => !autostart },
  ],
];

const isWanted = (domain: DomainSummary, options: Flags): boolean =>
  filters.every((kind) => {
    const asked = kind.filter(({ flag }) => options[flag] === true);
    return asked.length === 0 || asked.some(({ admits }) => admits(domain));
  });

/** Running ones by id, then the others by name. */
function byIdThenName(one: DomainSummary, other: DomainSummary): number {
  if (one.id !== null && other.id !== null) return one.id - other.id;
  if (one.id === null && other.id === null) return one.name < other.name ? -1 : 1;
  return one.id === null ? 1 : -1;
}

type Column = readonly [head: string, cell: (domain: DomainSummary) => string];

const idOf = ({ id }: DomainSummary): string => (id === null ? '-' : String(id));

const standardColumns: readonly Column[] = [
  ['Id', idOf],
  ['Name', ({ name }) => name],
  ['State', describeState],
];
const titleColumn: Column = ['Title', ({ title }) => title ?? ''];
const detailColumns: readonly Column[] = [
  ['Type', ({ type }) => type],
  ['Template', ({ template }) => template ?? '-'],
  ['Profile', ({ profile }) => profile ?? '-'],
  ['Hostname', ({ hostname }) => hostname],
  ['Addresses', ({ addresses }) => (addresses.length > 0 ? addresses.join(', ') : '-')],
];

function textOf(
  domains: readonly DomainSummary[],
  options: Flags & { readonly name: boolean; readonly uuid: boolean },
): string {
  const plain = plainLines(domains, options, options.id === true ? [idOf] : []);
  if (plain !== undefined && options.table === true)
    throw new CliError('usage', 'list: --table excludes --name, --uuid and --id');
  if (plain !== undefined) return plain;
  const columns = [
    ...standardColumns,
    ...(options.title === true ? [titleColumn] : []),
    ...(options.details === true ? detailColumns : []),
  ];
  return formatTable(
    columns.map(([head]) => head),
    domains.map((domain) => columns.map(([, cell]) => cell(domain))),
  );
}
