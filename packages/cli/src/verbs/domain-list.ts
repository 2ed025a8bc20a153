// ctvirt list
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import type { Context } from '../context.js';
import { CliError, jsonLine } from '../errors.js';
import { formatTable } from '../table.js';
import { verb } from '../verb.js';
import { describeState } from '../wording.js';
import { plainLines, plainOptions } from './listing.js';
import { columnNames, columnsOf, sortedBy, usageText } from './usage-columns.js';

/** JSON is an array of summaries in the order of the table, whatever columns were asked for; with `--output` or `--sort` of what each uses. */
export const list = verb({
  name: 'list',
  group: 'Domains',
  summary: 'List domains',
  details: [
    'Without a filter, the running ones. Filters of one kind add up, filters of different kinds narrow.',
    `Columns of --output: ${columnNames.join(', ')}. CPU is that of the last ten seconds or so, 100% one processor; disk that of the root; traffic that of this month (in UTC), in and out. A dash is what nothing tells.`,
    'With --rows and --output each line is what the domain uses.',
    'With --sort the largest numbers stand first, or texts by the alphabet; a dash before the column turns that round: --sort=-ram.',
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
    output: {
      type: 'text',
      short: 'o',
      value: 'COLUMN,...',
      complete: columnNames,
      summary: 'Show these columns (--sort alone: name, ip, ram, cpu, procs, disk, traffic)',
    },
    sort: {
      type: 'text',
      short: 's',
      value: 'COLUMN',
      complete: columnNames,
      summary: 'Sort by this column, the largest first',
    },
    'no-heading': {
      type: 'flag',
      short: 'H',
      summary: 'With --output or --sort: no heading, exact numbers, tabs between',
    },
    rows: { type: 'flag', summary: 'Print each as one line of JSON as soon as it is known, in no order' },
    details: { type: 'flag', summary: 'Add type, template, profile, hostname and addresses' },
  },
  example: {
    command: 'ctvirt list --output name,ip,ram,cpu,disk --sort cpu',
    does: 'Lists the running domains, those that use the processors most first.',
  },
  async run(context, { options }) {
    const { output, sort } = options;
    if (options.rows) return await listRows(context, options);
    if (output !== undefined || sort !== undefined) return await listUsage(context, options);
    if (options['no-heading']) throw new CliError('usage', 'list: --no-heading goes with --output or --sort');
    const all = await context.busy('listing', () => context.client.domains.list(scopeOf(options)));
    const domains = all.filter((domain) => isWanted(domain, options)).sort(byIdThenName);
    if (options.name === true) context.printVerbatim(domains, textOf(domains, options, Infinity));
    else context.print(domains, (width) => textOf(domains, options, width));
  },
});

type Flags = { readonly [name: string]: boolean | string | undefined };

/** Of ten thousand the first are printed while the last are not known. */
async function listRows(
  context: Context,
  options: Flags & { readonly output: string | undefined; readonly sort: string | undefined },
): Promise<void> {
  for (const name of ['name', 'uuid', 'id', 'table', 'title', 'details', 'sort', 'no-heading'])
    if (options[name] !== undefined && options[name] !== false)
      throw new CliError('usage', `list: --rows excludes --${name}`);
  const { domains, usage } = context.client;
  const print = (domain: DomainSummary): void => {
    if (isWanted(domain, options)) context.io.stdout.write(jsonLine(domain));
  };
  const scope = scopeOf(options);
  await (options.output === undefined
    ? domains.list(scope, { onRow: print })
    : usage.list(scope, { onRow: print }));
}

async function listUsage(
  context: Context,
  options: Flags & { readonly output: string | undefined; readonly sort: string | undefined },
): Promise<void> {
  for (const name of ['name', 'uuid', 'id', 'table', 'title', 'details'])
    if (options[name] === true) throw new CliError('usage', `list: --${name} excludes --output and --sort`);
  const shown = columnsOf(options.output);
  const all = await context.busy('listing', () => context.client.usage.list(scopeOf(options)));
  const wanted = all.filter((domain) => isWanted(domain, options)).sort(byIdThenName);
  const domains = options.sort === undefined ? wanted : sortedBy(options.sort, wanted);
  context.print(domains, (width) =>
    usageText(shown, domains, { width, isBare: options['no-heading'] === true }),
  );
}

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
  width: number,
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
    width,
  );
}
