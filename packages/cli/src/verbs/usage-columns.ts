// The columns that `list` shows where they are asked for by name, and what it sorts by.
// SPDX-License-Identifier: Apache-2.0
import type { DomainUsage } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { printable } from '../printable.js';
import { formatTable } from '../table.js';
import { describeBytes, describeDuration, describeState } from '../wording.js';

/** What a column has of a domain: a text, or a number that is shown in a unit; null where there is none. */
interface Column {
  readonly head: string;
  readonly value: (domain: DomainUsage) => string | number | null;
  /** A number for people. */
  readonly show?: (value: number) => string;
}

const kib = (value: number | null): number | null => (value === null ? null : value * 1024);
const passed = ({ traffic }: DomainUsage, which: 'inBytes' | 'outBytes'): number => Number(traffic[which]);
const inSeconds = (value: number): string => `${value.toFixed(1)}s`;
const inPercent = (value: number): string => `${(value * 100).toFixed(value < 0.1 ? 1 : 0)}%`;

function secondsUp({ startedAt }: DomainUsage): number | null {
  if (startedAt === null) return null;
  const now = new Date();
  return Math.max(0, Math.round((now.getTime() - Date.parse(startedAt)) / 1000));
}

const columns = {
  id: { head: 'Id', value: ({ id }) => id },
  name: { head: 'Name', value: ({ name }) => name },
  uuid: { head: 'UUID', value: ({ uuid }) => uuid },
  ctid: { head: 'CTID', value: ({ ctid }) => ctid },
  state: { head: 'State', value: describeState },
  type: { head: 'Type', value: ({ type }) => type },
  title: { head: 'Title', value: ({ title }) => title },
  template: { head: 'Template', value: ({ template }) => template },
  profile: { head: 'Profile', value: ({ profile }) => profile },
  hostname: { head: 'Hostname', value: ({ hostname }) => hostname },
  ip: { head: 'IP', value: ({ addresses }) => (addresses.length > 0 ? addresses.join(',') : null) },
  uptime: { head: 'Uptime', value: secondsUp, show: describeDuration },
  autostart: { head: 'Autostart', value: ({ autostart }) => (autostart ? 'yes' : 'no') },
  order: { head: 'Order', value: ({ order }) => order ?? null },
  delay: { head: 'Delay', value: ({ delaySeconds }) => delaySeconds ?? null, show: (value) => `${value} s` },
  ram: { head: 'RAM', value: ({ usedMemoryKiB }) => kib(usedMemoryKiB), show: describeBytes },
  maxram: { head: 'Max RAM', value: ({ maxMemoryKiB }) => kib(maxMemoryKiB), show: describeBytes },
  cpu: { head: 'CPU', value: ({ cpuShare }) => cpuShare, show: inPercent },
  cputime: {
    head: 'CPU time',
    value: ({ cpuTimeNs }) => (cpuTimeNs === null ? null : cpuTimeNs / 1e9),
    show: inSeconds,
  },
  procs: { head: 'Procs', value: ({ processes }) => processes },
  maxprocs: { head: 'Max procs', value: ({ maxProcesses }) => maxProcesses },
  disk: { head: 'Disk', value: ({ disk }) => disk.usedBytes, show: describeBytes },
  maxdisk: { head: 'Max disk', value: ({ disk }) => disk.limitBytes, show: describeBytes },
  traffic: {
    head: 'Traffic',
    value: (domain) => passed(domain, 'inBytes') + passed(domain, 'outBytes'),
    show: describeBytes,
  },
  in: { head: 'In', value: (domain) => passed(domain, 'inBytes'), show: describeBytes },
  out: { head: 'Out', value: (domain) => passed(domain, 'outBytes'), show: describeBytes },
} as const satisfies Readonly<Record<string, Column>>;
type ColumnName = keyof typeof columns;

const isColumn = (name: string): name is ColumnName => Object.hasOwn(columns, name);

/** For help and completion. */
export const columnNames: readonly string[] = Object.keys(columns);

/** What is shown where only `--sort` is said. */
const usual: readonly ColumnName[] = ['name', 'ip', 'ram', 'cpu', 'procs', 'disk', 'traffic'];

function columnOf(name: string, option: string): Column {
  if (isColumn(name)) return columns[name];
  throw new CliError(
    'usage',
    `list: ${option} knows no column '${name}'; there are: ${columnNames.join(', ')}`,
  );
}

/** The columns of `name,ram,cpu`. */
export const columnsOf = (text: string | undefined): readonly Column[] =>
  (text?.split(',') ?? usual).map((name) => columnOf(name.trim().toLowerCase(), '--output'));

/** By a column: the largest numbers first, texts by the alphabet, what has none last; a dash before it turns that round. */
export function sortedBy(key: string, domains: readonly DomainUsage[]): readonly DomainUsage[] {
  const isTurned = key.startsWith('-');
  const { value } = columnOf(key.replace(/^-/, '').toLowerCase(), '--sort');
  const compare = (one: DomainUsage, other: DomainUsage): number => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === 'number' && typeof b === 'number' ? b - a : a < b ? -1 : Number(a > b);
    return isTurned ? -order : order;
  };
  return [...domains].sort(compare);
}

/** A table; without a heading it is for programs: exact numbers in bytes, seconds and processors, between tabs. */
export function usageText(
  shown: readonly Column[],
  domains: readonly DomainUsage[],
  { isBare, width }: { readonly isBare: boolean; readonly width: number },
): string {
  const cell = ({ value, show }: Column, domain: DomainUsage): string => {
    const found = value(domain);
    if (found === null || found === '') return '-';
    return typeof found === 'number' && show !== undefined && !isBare
      ? show(found)
      : printable(String(found));
  };
  const rows = domains.map((domain) => shown.map((column) => cell(column, domain)));
  if (isBare) return rows.map((row) => `${row.join('\t')}\n`).join('');
  return formatTable(
    shown.map(({ head }) => head),
    rows,
    width,
  );
}
