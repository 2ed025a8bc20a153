// Whether a parameter's text can be read by its syntax, and what would be accepted instead.
// SPDX-License-Identifier: Apache-2.0
import { readNetif } from './netif.js';
import type { Parameter, Syntax, Unit } from './parameter.js';
import {
  parseBitmap,
  parseBool,
  parseCpuLimit,
  parseDisk,
  parseRate,
  parseSwitches,
  parseUbc,
  parseUlong,
  type UbcUnit,
} from './values.js';

interface SyntaxRule {
  readonly expected: string;
  readonly accepts: (text: string, unit: Unit | undefined, pageSize: number) => boolean;
}

const ubcUnits: ReadonlySet<string> = new Set(['pages', 'bytes', 'count']);
const isUbcUnit = (unit: Unit | undefined): unit is UbcUnit => unit !== undefined && ubcUnits.has(unit);

const rules: Readonly<Record<Syntax, SyntaxRule>> = {
  ubc: {
    expected: 'barrier[:limit], numbers or "unlimited", with a suffix T, G, M, K or P unless it is a count',
    accepts: (text, unit, pageSize) =>
      parseUbc(text, isUbcUnit(unit) ? unit : 'count', pageSize) !== undefined,
  },
  disk: {
    expected: 'soft[:hard] in numbers, with or without a suffix T, G, M or K; 0 is none',
    accepts: (text, unit) => parseDisk(text, unit === 'inodes' ? 'inodes' : 'KiB') !== undefined,
  },
  ulong: { expected: 'a number or "unlimited"', accepts: (text) => parseUlong(text) !== undefined },
  rate: {
    expected: 'a number, with or without a suffix G, M or K',
    accepts: (text) => parseRate(text) !== undefined,
  },
  float: { expected: 'a number such as 1.5', accepts: (text) => /^\d{1,9}(\.\d{1,9})?$/.test(text) },
  bool: { expected: '"yes" or "no"', accepts: (text) => parseBool(text) !== undefined },
  list: { expected: 'items between blanks', accepts: () => true },
  path: { expected: 'an absolute path', accepts: (text) => text.startsWith('/') },
  bitmap: {
    expected: '"all" or a list such as 0,2-5',
    accepts: (text) => text === 'auto' || parseBitmap(text) !== undefined,
  },
  cpulimit: {
    expected: 'a percentage: of one processor, such as 150, or up to 100% of the host, such as 50%',
    accepts: (text) => parseCpuLimit(text) !== undefined,
  },
  meminfo: {
    expected: '"none", "pages:N" or "privvmpages:N"',
    accepts: (text) => /^(none|pages:\d{1,18}|privvmpages:\d{1,18}(\.\d{1,9})?)$/.test(text),
  },
  netif: {
    expected: 'ifname=NAME[,mac=][,host_ifname=][,bridge=|,network=][,ip=]… per interface, between ";"',
    accepts: (text) => readNetif(text).found.length > 0 || text.trim() === '',
  },
  switches: { expected: 'NAME:on or NAME:off items', accepts: (text) => parseSwitches(text) !== undefined },
  text: { expected: 'text', accepts: () => true },
  word: { expected: 'a word', accepts: (text) => !/\s/.test(text) },
};

/** What should stand there instead, or undefined when the value can be read. An empty value of a list is one. */
export function faultOf(parameter: Parameter, text: string, pageSize: number): string | undefined {
  const rule = rules[parameter.syntax];
  return rule.accepts(text, parameter.unit, pageSize) ? undefined : rule.expected;
}

/** What is wrong with a pair that can be read, but whose first value is above its second; OpenVZ's own files have such. */
export function inversionOf({ syntax, unit }: Parameter, text: string, pageSize: number): string | undefined {
  const ubc = syntax === 'ubc' ? parseUbc(text, isUbcUnit(unit) ? unit : 'count', pageSize) : undefined;
  if (ubc !== undefined && ubc.barrier > ubc.limit) return 'the barrier is above the limit';
  const disk = syntax === 'disk' ? parseDisk(text, unit === 'inodes' ? 'inodes' : 'KiB') : undefined;
  return disk !== undefined && disk.soft > disk.hard ? 'the soft limit is above the hard limit' : undefined;
}
