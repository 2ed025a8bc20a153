// vzubc: what containers hold, held at most, may hold and were refused, for people.
// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { BeancounterReport, BeancounterRow } from '@ctvirt/api';
import { printable } from '../../printable.js';
import { isCalled } from '../containers.js';
import { VzError } from '../exit-codes.js';
import type { VzHost } from '../host.js';
import { isSaid, lastOf, readOptions, type VzOptions } from '../options.js';
import { Earlier } from './earlier.js';

/** Its options. */
export const vzubcOptions = {
  quiet: { short: 'q', here: 'only what was refused, or is near its limit' },
  verbose: { short: 'v', here: 'those without a limit, too' },
  qh: { value: 'ratio', here: 'what of the limit is near, for what is held: 0.5' },
  qm: { value: 'ratio', here: 'the same for what was held at most: 0.8' },
  relative: { short: 'r', here: 'of refusals those since the last run' },
  rd: { value: 'dir', here: 'where the last run is kept: ~/.cache/ctvirt/vzubc' },
  rc: { here: 'forgets it' },
  incremental: { short: 'i', here: 'a column of what is held more than in the last run' },
  id: { value: 'dir', here: 'the same as -rd' },
  ic: { here: 'the same as -rc' },
  color: { short: 'c', here: 'taken, with no effect' },
  watch: { short: 'w', here: 'refused: watch -n 2 vzubc does it' },
  help: { here: 'these options' },
} as const satisfies VzOptions;

/** Its options of two letters have one dash. */
const doubled = (word: string): string => (/^-(qh|qm|rd|rc|id|ic)$/.test(word) ? `-${word}` : word);

const units = ['', 'K', 'M', 'G', 'T', 'P'] as const;

/** At most five characters: `13.7M`. */
function short(value: number | null): string {
  if (value === null || value === 0) return '-';
  let [left, unit] = [Math.abs(value), 0];
  for (; left >= (unit === 0 ? 10_000 : 1000) && unit < units.length - 1; unit++) left /= 1024;
  const digits = unit === 0 ? 0 : left < 10 ? 2 : left < 100 ? 1 : 0;
  return `${value < 0 ? '-' : ''}${left.toFixed(digits)}${units[unit]}`;
}

const percent = (part: number | null, whole: number | null): string =>
  whole === null || whole === 0 || part === null ? '-' : `${Math.round((part / whole) * 100)}%`;

interface Manner {
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  readonly near: { readonly held: number; readonly maxheld: number };
  readonly earlier: Earlier | undefined;
  readonly isRelative: boolean;
  readonly isIncremental: boolean;
}

/** One line, with pages in bytes. */
interface Line {
  readonly name: string;
  readonly held: number | null;
  readonly maxheld: number | null;
  readonly barrier: number | null;
  readonly limit: number | null;
  readonly fails: number;
  readonly more: number;
}

function lineOf(row: BeancounterRow, pageSize: number, { earlier, isRelative }: Manner, id: string): Line {
  const scale = row.unit === 'pages' ? pageSize : 1;
  const bytes = (value: number | null): number | null => (value === null ? null : value * scale);
  const last = earlier?.of(id, row.resource);
  return {
    name: row.resource,
    held: bytes(row.held),
    maxheld: bytes(row.maxheld),
    barrier: bytes(row.barrier),
    limit: bytes(row.limit),
    fails: (row.failcnt ?? 0) - (isRelative ? (last?.failcnt ?? 0) : 0),
    more: ((row.held ?? 0) - (last?.held ?? row.held ?? 0)) * scale,
  };
}

function isShown(line: Line, { isQuiet, isVerbose, near, isIncremental }: Manner): boolean {
  const { barrier, limit, held, maxheld, fails, more } = line;
  if (!isQuiet) return isVerbose || barrier !== null;
  const bound = barrier === null || barrier === 0 ? limit : barrier;
  const isNear = (value: number | null, ratio: number): boolean =>
    bound !== null && bound > 0 && (value ?? 0) / bound >= ratio;
  return (
    fails > 0 || isNear(held, near.held) || isNear(maxheld, near.maxheld) || (isIncremental && more !== 0)
  );
}

function blockOf(report: BeancounterReport, pageSize: number, manner: Manner): string {
  const { isRelative, isIncremental } = manner;
  const id = String(report.ctid ?? report.name);
  const lines = report.rows
    .map((row) => lineOf(row, pageSize, manner, id))
    .filter((line) => isShown(line, manner));
  if (lines.length === 0) return '';
  const rule = '-'.repeat(64 + (isIncremental ? 6 : 0));
  const heading = `CT ${printable(id).padEnd(10)}| HELD Bar% Lim%| MAXH Bar% Lim%| BAR | LIM |${isRelative ? '+' : ' '}FAIL${isIncremental ? '| +HELD' : ''}`;
  const text = lines.map(({ name, held, maxheld, barrier, limit, fails, more }) => {
    const use = (value: number | null): string =>
      `${short(value).padStart(5)} ${percent(value, barrier).padStart(4)} ${percent(value, limit).padStart(4)}`;
    const bounds = `${short(barrier).padStart(5)}|${short(limit).padStart(5)}`;
    const gained = isIncremental ? `|${short(more).padStart(6)}` : '';
    return `${name.padStart(13)}|${use(held)}|${use(maxheld)}|${bounds}|${short(fails).padStart(5)}${gained}`;
  });
  return `${[rule, heading, rule, ...text].join('\n')}\n`;
}

function ratio(word: string | undefined, fallback: number): number {
  const value = word === undefined ? fallback : Number(word);
  if (!(value > 0)) throw new VzError('value', `'${word}' is no ratio`);
  return value;
}

/** Those that run, or of those the named ones: others are left out, as vzubc does. */
export async function vzubc(host: VzHost, words: readonly string[]): Promise<number> {
  const given = readOptions(words.map(doubled), vzubcOptions);
  if (isSaid(given, 'watch')) throw new VzError('kernel', 'vzubc -w is not there: watch -n 2 vzubc does it');
  if (isSaid(given, 'help')) {
    host.print('vzubc [-q] [-qh RATIO] [-qm RATIO] [-v] [-r] [-rd DIR] [-rc] [-i] [-ic] [CTID ...]\n');
    return 0;
  }
  const [isRelative, isIncremental] = [isSaid(given, 'relative'), isSaid(given, 'incremental')];
  const isForgotten = isSaid(given, 'rc') || isSaid(given, 'ic');
  const folder = lastOf(given, 'rd') ?? lastOf(given, 'id');
  const isKept = isRelative || isIncremental || isForgotten;
  const earlier = isKept
    ? new Earlier(folder ?? join(host.io.env['HOME'] ?? '/root', '.cache/ctvirt/vzubc'))
    : undefined;
  if (isForgotten) earlier?.forget();
  const [all, { pageSize }] = await Promise.all([host.client.beancounters.list(), host.facts]);
  const isNamed = (report: BeancounterReport): boolean => given.words.some((word) => isCalled(report, word));
  const reports = given.words.length === 0 ? all : all.filter(isNamed);
  const manner: Manner = {
    isQuiet: isSaid(given, 'quiet'),
    isVerbose: isSaid(given, 'verbose'),
    near: { held: ratio(lastOf(given, 'qh'), 0.5), maxheld: ratio(lastOf(given, 'qm'), 0.8) },
    ...{ earlier, isRelative, isIncremental },
  };
  host.print(reports.map((report) => blockOf(report, pageSize, manner)).join('\n'));
  if (isRelative || isIncremental) earlier?.keep(reports);
  return 0;
}
