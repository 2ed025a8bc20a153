// vzlist: containers and what is asked of them, as a table or as JSON.
// SPDX-License-Identifier: Apache-2.0

import { printable, printableJson } from '../../printable.js';
import { together } from '../../verbs/several.js';
import { containerOf, isCalled, isOff } from '../containers.js';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { type Given, isSaid, lastOf, readOptions, type VzOptions } from '../options.js';
import { type ContainerData, dataOf, type Need } from './container-data.js';
import { type Field, fieldNamed, fields } from './fields.js';

/** Its options. */
export const vzlistOptions = {
  all: { short: 'a', here: 'those that are off, too' },
  stopped: { short: 'S', here: 'only those that do not run' },
  name: { short: 'n', here: 'names in place of CTIDs' },
  'no-header': { short: 'H', here: 'no heading' },
  'no-trim': { short: 't', here: 'long values whole' },
  json: { short: 'j', here: 'JSON, of all fields where none are named' },
  output: { short: 'o', value: 'field,...', here: 'these fields' },
  ctids: { short: '1', here: 'CTIDs alone, one a line' },
  sort: { short: 's', value: '[-]field', here: 'by this field, the smallest first; a dash turns it round' },
  hostname: { short: 'h', value: 'pattern', here: 'only those whose host name is like that (*, ?, [])' },
  name_filter: { short: 'N', value: 'pattern', here: 'only those whose name is like that' },
  description: { short: 'd', value: 'pattern', here: 'only those whose description is like that' },
  list: { short: 'L', here: 'all fields there are' },
  help: { here: 'these options' },
} as const satisfies VzOptions;

function usage(): string {
  const rows = Object.entries(vzlistOptions).map(([name, option]) => {
    const { short, value, here } = { short: undefined, value: undefined, ...option };
    return `  ${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}\n        ${here}`;
  });
  return `vzlist [OPTIONS] [CTID ...]\n${rows.join('\n')}\n`;
}

/** Shell patterns of one name. */
function likeness(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  try {
    return new RegExp(`^${source}$`, 's');
  } catch (cause) {
    throw new VzError('value', `'${pattern}' is no pattern`, { cause });
  }
}

function fieldOf(name: string): Field {
  const field = fieldNamed(name.trim());
  if (field === undefined) throw new VzError('value', `Unknown field: ${name}`);
  return field;
}

/** Numbers by their size, all else by the alphabet; what has none first. */
function compare(field: Field, one: ContainerData, other: ContainerData): number {
  const [a, b] = [field.value(one), field.value(other)];
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === 'string' || typeof b === 'string') return String(a) < String(b) ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

interface Asked {
  readonly shown: readonly Field[];
  readonly sort: string | undefined;
  readonly patterns: readonly { readonly field: Field; readonly like: RegExp }[];
  readonly given: Given;
}

function askedOf(given: Given): Asked {
  const isAll = isSaid(given, 'json') && lastOf(given, 'output') === undefined;
  const usual = [isSaid(given, 'name') ? 'smart_name' : 'ctid', 'numproc', 'status', 'ip', 'hostname'];
  const names = isSaid(given, 'ctids') ? ['ctid'] : (lastOf(given, 'output')?.split(',') ?? usual);
  const filters = { hostname: 'hostname', name_filter: 'name', description: 'description' } as const;
  const patterns = Object.entries(filters).flatMap(([option, name]) => {
    const pattern = lastOf(given, option);
    return pattern === undefined ? [] : [{ field: fieldOf(name), like: likeness(pattern) }];
  });
  return {
    // In all of JSON a container has its CTID once.
    shown: isAll ? fields.filter(({ name }) => !/^(veid|vpsid)$|\./.test(name)) : names.map(fieldOf),
    sort: lastOf(given, 'sort'),
    patterns,
    given,
  };
}

const LOOK_AT_ONCE = 8;

/** Those that are asked for, with what is needed of each. */
async function look(host: VzHost, { shown, sort, patterns, given }: Asked): Promise<ContainerData[]> {
  const { client } = host;
  const { words } = given;
  const [usages, mounts] = await Promise.all([client.usage.list(), client.domains.rootMounts()]);
  const all = usages.flatMap((usage) => {
    const container = containerOf(usage);
    return container === undefined ? [] : [{ ...usage, ...container }];
  });
  for (const word of words)
    if (!all.some((one) => isCalled(one, word)))
      host.io.stderr.write(`Container ${printable(word)} is not found\n`);
  const wanted = all.filter((one) => {
    if (words.length > 0) return words.some((word) => isCalled(one, word));
    if (isSaid(given, 'stopped')) return isOff(one);
    return isSaid(given, 'all') || !isOff(one);
  });
  const by = sort === undefined ? fieldOf('ctid') : fieldOf(sort.replace(/^-/, ''));
  const used = [...shown, by, ...patterns.map(({ field }) => field)];
  const needs = new Set<Need>(used.flatMap((field) => field.needs ?? []));
  if (isSaid(given, 'json') && shown.some(({ name }) => name === 'numproc')) needs.add('beancounters');
  const mounted = new Set(mounts.map(({ uuid }) => uuid));
  const data = await together(
    wanted,
    LOOK_AT_ONCE,
    async (one) => await dataOf(host, one, { needs, mounted }),
  );
  const turn = sort?.startsWith('-') === true ? -1 : 1;
  return data
    .filter((one) => patterns.every(({ field, like }) => like.test(String(field.value(one) ?? ''))))
    .sort((one, other) => turn * compare(by, one, other) || one.container.ctid - other.container.ctid);
}

/** Long texts are cut, but in the last column. */
function lineOf(cells: readonly string[], shown: readonly Field[], isWhole: boolean): string {
  const padded = cells.map((cell, at) => {
    const { width = 0, isLeft } = shown[at] ?? {};
    const isLast = at === cells.length - 1;
    if (isLeft === undefined) return cell.padStart(width);
    if (isLast) return cell;
    return (isWhole ? cell : cell.slice(0, width)).padEnd(width);
  });
  return `${padded.join(' ')}\n`;
}

/** As JSON.stringify does, with whole numbers of any size. */
function jsonText(value: unknown, indent = ''): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return printableJson(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${printableJson(name)}: ${jsonText(member, inner)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function jsonOf(data: readonly ContainerData[], shown: readonly Field[]): string {
  const objects = data.map((one) =>
    Object.fromEntries(
      shown.flatMap(({ name, value, json }) => {
        const found = json === undefined ? value(one) : json(one);
        return found === undefined ? [] : [[name, found]];
      }),
    ),
  );
  if (objects.length === 0) return '[]\n';
  return `[\n  ${objects.map((one) => jsonText(one, '  ')).join(',\n  ')}\n]\n`;
}

/** Returns 1 where none of the containers that were named is there: that there are none at all is no failure. */
export async function vzlist(host: VzHost, words: readonly string[]): Promise<number> {
  const given = readOptions(words, vzlistOptions);
  if (isSaid(given, 'help')) {
    host.print(usage());
    return 0;
  }
  if (isSaid(given, 'list')) {
    host.print(fields.map(({ name, head }) => `${name.padEnd(15)} ${head}\n`).join(''));
    return 0;
  }
  const asked = askedOf(given);
  const { shown } = asked;
  const data = await look(host, asked);
  const status = data.length === 0 && given.words.length > 0 ? 1 : 0;
  if (isSaid(given, 'json')) {
    host.print(jsonOf(data, shown));
    return status;
  }
  if (data.length === 0) {
    host.io.stderr.write('Container(s) not found\n');
    return status;
  }
  const isWhole = isSaid(given, 'no-trim');
  const heading = isSaid(given, 'no-header') || isSaid(given, 'ctids') ? [] : [shown.map(({ head }) => head)];
  const rows = data.map((one) => shown.map(({ value }) => printable(String(value(one) ?? '-'))));
  host.print([...heading, ...rows].map((cells) => lineOf(cells, shown, isWhole)).join(''));
  return 0;
}
