// The table of `top`: what each column has of a domain, how it is sorted, and how it fits a terminal.
// SPDX-License-Identifier: Apache-2.0
import type { DomainNow } from '@ctvirt/api';
import { CliError } from '../errors.js';
import { printable } from '../printable.js';
import { describeNumber } from '../series-words.js';
import { displayWidth } from '../table.js';
import { describeDuration } from '../wording.js';

interface Column {
  readonly head: string;
  /** What sorts by it while the table is shown. */
  readonly key?: string;
  readonly value: (domain: DomainNow) => number | null;
  readonly show: (value: number) => string;
  /** The cells that its numbers take. */
  readonly width: number;
}

/** Null where nothing is known of any. */
const joined =
  (join: (all: number, one: number) => number) =>
  (...values: readonly (number | null)[]): number | null =>
    values.reduce((all, one) => (all === null ? one : one === null ? all : join(all, one)), null);
const sumOf = joined((sum, one) => sum + one);
const mostOf = joined(Math.max);
const percent = (value: number): string => describeNumber('part', value);
const bytes = (value: number): string => describeNumber('bytes', value);
const rate = (value: number): string => describeNumber('bytes/s', value);
const whole = (value: number): string => String(Math.round(value));

const columns = {
  cpu: { head: 'CPU', key: 'c', value: ({ now }) => now.cpu, show: percent, width: 6 },
  waits: {
    head: 'Waits',
    key: 'w',
    value: ({ now }) => mostOf(now.waited, now.memoryStalled, now.ioWaited),
    show: percent,
    width: 6,
  },
  throttled: { head: 'Throttled', value: ({ now }) => now.throttled, show: percent, width: 10 },
  memory: { head: 'Memory', key: 'm', value: ({ now }) => now.memory, show: bytes, width: 8 },
  'memory%': {
    head: 'Of',
    value: ({ now, maxMemoryKiB }) =>
      now.memory === null || maxMemoryKiB === null ? null : now.memory / 1024 / maxMemoryKiB,
    show: percent,
    width: 5,
  },
  swap: { head: 'Swap', value: ({ now }) => now.swap, show: bytes, width: 8 },
  processes: { head: 'Procs', key: 'p', value: ({ now }) => now.processes, show: whole, width: 6 },
  disk: {
    head: 'Disk',
    key: 'd',
    value: ({ now }) => sumOf(now.diskRead, now.diskWritten),
    show: rate,
    width: 10,
  },
  read: { head: 'Read', value: ({ now }) => now.diskRead, show: rate, width: 10 },
  written: { head: 'Written', value: ({ now }) => now.diskWritten, show: rate, width: 10 },
  network: {
    head: 'Network',
    key: 'n',
    value: ({ now }) => sumOf(now.received, now.sent),
    show: rate,
    width: 10,
  },
  received: { head: 'In', value: ({ now }) => now.received, show: rate, width: 10 },
  sent: { head: 'Out', value: ({ now }) => now.sent, show: rate, width: 10 },
  refused: { head: 'Limits', key: 'l', value: ({ refusedInDay }) => refusedInDay, show: whole, width: 7 },
} as const satisfies Readonly<Record<string, Column>>;
type ColumnName = keyof typeof columns;

const isColumn = (name: string): name is ColumnName => Object.hasOwn(columns, name);

/** For help and completion. */
export const sortNames: readonly string[] = ['name', ...Object.keys(columns)];

/** What the table is sorted by. */
export interface Order {
  readonly by: ColumnName | 'name';
  readonly isTurned: boolean;
}

/** Of `cpu`, or `-cpu` for the smallest first. */
export function orderOf(text: string): Order {
  const by = text.replace(/^-/, '').toLowerCase();
  if (by !== 'name' && !isColumn(by))
    throw new CliError('usage', `top: --sort knows no '${by}'; there are: ${sortNames.join(', ')}`);
  return { by, isTurned: text.startsWith('-') };
}

/** The order that a key chooses; undefined of one that chooses none. */
export function orderByKey(key: string, order: Order): Order | undefined {
  if (key === 'r') return { ...order, isTurned: !order.isTurned };
  if (key === 'a') return { by: 'name', isTurned: false };
  const by = Object.keys(columns).find((name) => isColumn(name) && keyOf(columns[name]) === key);
  return by !== undefined && isColumn(by) ? { by, isTurned: false } : undefined;
}

const keyOf = ({ key }: Column): string | undefined => key;

/** The largest first, names by the alphabet, what is not known last. */
export function sorted(domains: readonly DomainNow[], { by, isTurned }: Order): readonly DomainNow[] {
  const sign = isTurned ? -1 : 1;
  const byName = (a: DomainNow, b: DomainNow): number => (a.name < b.name ? -1 : Number(a.name > b.name));
  if (by === 'name') return [...domains].sort((a, b) => sign * byName(a, b));
  const { value } = columns[by];
  return [...domains].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null) || byName(a, b);
    return sign * (other - one) || byName(a, b);
  });
}

const narrow = ['cpu', 'waits', 'memory', 'memory%', 'processes', 'disk', 'network', 'refused'] as const;
const wide = [
  ...['cpu', 'waits', 'throttled', 'memory', 'memory%', 'swap', 'processes'],
  ...['read', 'written', 'received', 'sent', 'refused'],
] as readonly ColumnName[];
/** So much is left for names at least. */
const NAME = 12;
const LAST_WALL = 22;

/** Both ways together, where the kernel counts both. */
const diskOf = (domains: readonly DomainNow[]): ColumnName =>
  domains.length > 0 && domains.every(({ now }) => now.diskWritten === null) ? 'read' : 'disk';

/** What fits beside names of some length. */
function shownIn(width: number): { readonly names: readonly ColumnName[]; readonly gap: number } {
  const fits = (names: readonly ColumnName[], gap: number): boolean =>
    NAME + names.reduce((sum, name) => sum + columns[name].width + gap, 0) <= width;
  const found = [
    { names: wide, gap: 2 },
    { names: narrow, gap: 2 },
    { names: narrow, gap: 1 },
  ].find(({ names, gap }) => fits(names, gap));
  if (found !== undefined) return found;
  const few = narrow.filter((_, at) => fits(narrow.slice(0, at + 1), 1));
  return { names: few, gap: 1 };
}

/** The head and a line for each domain, none of them wider than the terminal. */
export function tableOf(
  domains: readonly DomainNow[],
  order: Order,
  width: number,
): { readonly head: string; readonly lines: readonly string[] } {
  const room = width === Number.POSITIVE_INFINITY ? 160 : width;
  const { names: all, gap } = shownIn(room);
  const names = all.map((name) => (name === 'disk' ? diskOf(domains) : name));
  const taken = names.reduce((sum, name) => sum + columns[name].width + gap, 0);
  const longest = Math.max(NAME, ...domains.map(({ name }) => displayWidth(printable(name))));
  const hasLast = room - taken - Math.min(longest, 24) >= LAST_WALL + 2;
  const nameRoom = Math.min(longest, room - taken - (hasLast ? LAST_WALL + 2 : 0));
  const line = (name: string, cells: readonly string[], last: string): string =>
    `${fitted(name, nameRoom)}${cells.map((cell, at) => `${' '.repeat(gap)}${right(cell, columns[names[at] ?? 'cpu'].width)}`).join('')}${hasLast ? `  ${last}` : ''}`.trimEnd();
  const mark = order.isTurned ? '▴' : '▾';
  const titled = (name: ColumnName | 'name', head: string): string =>
    order.by === name || (order.by === 'disk' && name === diskOf(domains)) ? `${head}${mark}` : head;
  return {
    head: line(
      titled('name', 'Name'),
      names.map((name) => titled(name, columns[name].head)),
      'Last limit met',
    ),
    lines: domains.map((domain) =>
      line(
        printable(domain.name),
        names.map((name) => {
          const value = columns[name].value(domain);
          return value === null ? '-' : columns[name].show(value);
        }),
        hasLast ? lastOf(domain) : '',
      ),
    ),
  };
}

function lastOf({ lastWall }: DomainNow): string {
  if (lastWall === null) return '';
  const now = new Date();
  const seconds = Math.max(0, (now.getTime() - Date.parse(lastWall.at)) / 1000);
  const [age = '0s'] = describeDuration(seconds).split(' ');
  return fitted(printable(`${lastWall.resource}, ${age} ago`), LAST_WALL).trimEnd();
}

/** All together, in a line. */
export function summaryOf(domains: readonly DomainNow[]): string {
  const total = (value: (domain: DomainNow) => number | null): number =>
    domains.reduce((sum, domain) => sum + (value(domain) ?? 0), 0);
  const { cpu, memory, processes, network, refused } = columns;
  const disk = diskOf(domains);
  return [
    `${domains.length} run`,
    `cpu ${percent(total(cpu.value))}`,
    `memory ${bytes(total(memory.value))}`,
    `${whole(total(processes.value))} procs`,
    `disk ${disk === 'read' ? 'read ' : ''}${rate(total(columns[disk].value))}`,
    `net ${rate(total(network.value))}`,
    `${whole(total(refused.value))} refused`,
  ].join(', ');
}

const right = (text: string, width: number): string =>
  `${' '.repeat(Math.max(0, width - displayWidth(text)))}${text}`;

/** As wide as that, cut where it is longer. */
export function fitted(text: string, width: number): string {
  let shown = text;
  if (displayWidth(text) > width) {
    const characters = [...text];
    while (characters.length > 0 && displayWidth(characters.join('')) > width - 1) characters.pop();
    shown = `${characters.join('')}…`;
  }
  return `${shown}${' '.repeat(Math.max(0, width - displayWidth(shown)))}`;
}
