// Changes bytes and texts at random, for the fuzz targets of every package.
// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.js';

/** What means something to one reader or another: numbers at their ends, marks, names that are objects' own. */
export const oddTexts: readonly string[] = [
  '',
  '0',
  '-1',
  '4294967296',
  '9007199254740993',
  '1e309',
  'NaN',
  'null',
  'true',
  '..',
  '../..',
  '/',
  '//',
  '/proc/self/fd/3',
  '__proto__',
  'constructor',
  '\0',
  '\n',
  '\r',
  '\r\n',
  '\nlxc.hook.start = /bin/false',
  '\tx',
  ' ',
  '\u00a0',
  '\u2028',
  '\u000b',
  '"',
  "'",
  '\\',
  '\\040',
  '=',
  '#',
  ',',
  ',ro',
  '%s%n',
  '%2e%2e%2f',
  '$(id)',
  '`id`',
  '\x1b]0;x\x07',
  '\x9b31m',
  '\uD800',
  '\uFFFE',
  'é𐍈',
  'x'.repeat(300),
  'x'.repeat(5000),
  '[[[[[[[[[[[[[[[[',
];

/** Damages a copy: bytes changed, cut, doubled, or taken from another. */
export function mutateBytes(random: Random, bytes: Buffer, other: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let count = 1 + random.below(6); count > 0; count--) {
    const at = random.below(result.length + 1);
    const length = random.below(Math.min(600, result.length - at) + 1);
    const kinds: readonly (() => Buffer)[] = [
      () => {
        if (at < result.length) result[at] = random.below(256);
        return result;
      },
      () => Buffer.concat([result.subarray(0, at), result.subarray(at + length)]),
      () => Buffer.concat([result.subarray(0, at + length), result.subarray(at)]),
      () => {
        const from = random.below(other.length + 1);
        return Buffer.concat([result.subarray(0, at), other.subarray(from, from + 512), result.subarray(at)]);
      },
      () => Buffer.concat([result.subarray(0, at), Buffer.from(random.of(oddTexts)), result.subarray(at)]),
      () => result.subarray(0, at),
    ];
    result = Buffer.from(random.of(kinds)());
  }
  return result;
}

/** Puts odd text into some strings of a value, wherever in it they are, about one in `rarity`; members named in `kept` stay. */
export function mutateStrings<T>(random: Random, value: T, rarity: number, kept: readonly string[] = []): T {
  const changed = (part: unknown): unknown => {
    if (typeof part === 'string') {
      if (random.below(rarity) > 0) return part;
      const at = random.below(part.length + 1);
      return random.below(3) === 0
        ? random.of(oddTexts)
        : part.slice(0, at) + random.of(oddTexts) + part.slice(at);
    }
    if (Array.isArray(part)) return part.map(changed);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [name, kept.includes(name) ? inner : changed(inner)]),
    );
  };
  // The same shape, with other strings in it.
  return changed(value) as T;
}
