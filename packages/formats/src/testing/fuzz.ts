// Feeds a format mutated configurations for a number of seconds and checks what must hold for any text.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, formatDomain, parseDomain } from '@ctvirt/xml';
import { Random } from '@ctvirt/xml/testing';
import { FormatError } from '../errors.js';
import type { FileEntry, FileSet } from '../files.js';
import type { Format } from '../format.js';
import { type FormatName, formats } from '../formats.js';
import { samples } from './samples.js';

const odd = [
  '',
  '0',
  '-1',
  '1',
  '4096',
  '2147483647',
  '9007199254740993',
  '9223372036854775807',
  '99999999999999999999999',
  'unlimited',
  'max',
  'inf',
  'all',
  'auto',
  'inherit',
  'none',
  'yes',
  '1:2',
  '2:1',
  '0:0',
  '1.5G',
  '1e9',
  '50%',
  '0-4095',
  '8:0 rbps=1',
  '/',
  '//',
  '/..',
  '../..',
  'a/b',
  '/dev/sda',
  '0.0.0.0',
  '::',
  '10.0.0.1/33',
  'fe80::1%eth0',
  '00:00:00:00:00:00',
  '__proto__',
  'constructor',
  '$VEID',
  '$(x)',
  '"',
  "'",
  '\\',
  '&lt;<>]]>',
  ' ',
  '\t',
  '\r',
  '\0',
  '\u0007',
  '\uFFFE',
  '\uD800',
  'é𐍈',
  'x'.repeat(5000),
  '['.repeat(500),
  'a,b;c=d',
];

function mutateLine(random: Random, line: string, others: readonly string[]): string {
  const at = line.search(/[= ]/);
  const kinds: readonly (() => string)[] = [
    () => (at < 0 ? random.of(odd) : line.slice(0, at + 1) + random.of(odd)),
    () => (at < 0 ? line : `${line.slice(0, at + 1)}"${random.of(odd)}"`),
    () => line + random.of(odd),
    () => line.slice(0, random.below(line.length + 1)),
    () => {
      const other = random.of(others);
      return line.slice(0, Math.max(0, at) + 1) + other.slice(other.search(/[= ]/) + 1);
    },
    () => {
      const place = random.below(line.length + 1);
      return line.slice(0, place) + random.of(odd) + line.slice(place);
    },
    () => line.replace(/\d+/, () => random.of(odd)),
    () => line.toUpperCase(),
  ];
  return random.of(kinds)();
}

function mutateText(random: Random, text: string): string {
  const lines = text.split('\n');
  for (let count = 1 + random.below(6); count > 0; count--) {
    const at = random.below(lines.length);
    const kinds: readonly (() => void)[] = [
      () => lines.splice(at, 1),
      () => lines.splice(at, 0, random.of(lines)),
      () => lines.splice(at, 1 + random.below(5), ...lines.slice(random.below(lines.length)).slice(0, 5)),
      ...Array.from({ length: 5 }, () => () => {
        lines[at] = mutateLine(random, lines[at] ?? '', lines);
      }),
    ];
    if (lines.length > 0) random.of(kinds)();
    if (lines.length === 0) lines.push(random.of(odd));
  }
  return lines.join('\n');
}

function mutate(random: Random, files: FileSet): FileSet {
  const entries = [...files];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(entries.length);
    const [path, entry] = random.of(entries);
    const changed: FileEntry =
      entry.text === undefined ? { link: random.of(odd) } : { text: mutateText(random, entry.text) };
    const kinds: readonly (() => void)[] = [
      ...Array.from({ length: 8 }, () => () => {
        entries[entries.findIndex(([known]) => known === path)] = [path, changed];
      }),
      () => entries.push([`${path}${random.of(odd).slice(0, 40)}`, changed]),
      () => (entries.length > 1 ? entries.splice(at, 1) : undefined),
    ];
    random.of(kinds)();
  }
  return new Map(entries);
}

const host = { pageSize: 4096, cpus: 4 };
const slowMs = 2000;

/** Faults of meaning that a reader passes on as they are: the file said so, and the parser will say it again. */
const meaning = new Set(['no-root']);

/** A document must come out whole: written, parsed without an error, written the same again. */
function checkDocument(domain: Domain): void {
  const xml = formatDomain(domain);
  const { domain: again, findings } = parseDomain(xml);
  const errors = findings.filter(({ severity, code }) => severity === 'error' && !meaning.has(code));
  const [first] = errors;
  if (first !== undefined)
    throw new Error(`${first.code}: ${first.message} (${first.path}, ${first.found ?? ''})`);
  if (again !== undefined && formatDomain(again) !== xml)
    throw new Error('the document changes when it is read again');
}

function checkUnit(format: Format, files: FileSet, unit: ReturnType<Format['detect']>[number]): void {
  format.references(files, unit);
  const { domain, autostart, report } = format.read(files, unit, host);
  for (const row of report) {
    const lines = files.get(row.file)?.text?.split('\n').length ?? Number.POSITIVE_INFINITY;
    if (row.line < 0 || row.line > lines || row.how === '')
      throw new Error(`a row of the report: ${JSON.stringify(row)}`);
  }
  checkDocument(domain);
  for (const other of Object.values<Format>(formats)) other.write(domain, { ...host, autostart });
  checkSettled(format, domain, autostart);
}

/** Written and read once, a configuration has its final form: another turn changes nothing. */
function checkSettled(format: Format, domain: Domain, autostart: boolean | undefined): void {
  const turn = (files: FileSet): FileSet | undefined => {
    const [unit] = format.detect(files);
    if (unit === undefined) return undefined;
    const read = format.read(files, unit, host);
    return format.write(read.domain, { ...host, autostart: read.autostart }).files;
  };
  const first = turn(format.write(domain, { ...host, autostart }).files);
  if (first === undefined) return;
  const second = turn(first);
  if (second === undefined) throw new Error('what was written is not recognised');
  const show = (files: FileSet): string =>
    JSON.stringify(
      [...files].sort(([a], [b]) => (a < b ? -1 : 1)),
      null,
      1,
    );
  if (show(first) !== show(second))
    throw new Error(`another turn changes it:\n${show(first)}\n${show(second)}`);
}

/** What a fault was found with. */
export class FuzzFault extends Error {
  override readonly name = 'FuzzFault';
  constructor(
    readonly files: FileSet,
    options: { cause: unknown },
  ) {
    const first = String(options.cause).slice(0, 2000);
    super(`${first}\nfiles: ${JSON.stringify([...files]).replace(/(.)\1{60,}/g, '$1…')}`, { cause: first });
  }
}

/** Runs for `seconds`; throws `FuzzFault` with the files at the first fault. Returns the number of cases. */
export function fuzz(name: FormatName, seconds: number, seed: number): number {
  const random = new Random(seed);
  const format = formats[name];
  const until = performance.now() + seconds * 1000;
  let cases = 0;
  while (performance.now() < until) {
    let files = random.of(samples[name]);
    for (let depth = 1 + random.below(4); depth > 0; depth--) {
      files = mutate(random, files);
      cases++;
      const started = spentMs();
      try {
        for (const unit of format.detect(files)) checkUnit(format, files, unit);
      } catch (cause) {
        if (!(cause instanceof FormatError)) throw new FuzzFault(files, { cause });
      }
      const took = spentMs() - started;
      if (took > slowMs) throw new FuzzFault(files, { cause: `it took ${Math.round(took)} ms` });
    }
  }
  return cases;
}

/** Processor time: what others do meanwhile counts for nothing. */
function spentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
