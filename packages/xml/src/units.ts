// Sizes with a unit, as libvirt reads them: b, bytes, KB, k, KiB, up to E, EiB.
// SPDX-License-Identifier: Apache-2.0

/** Units a model may count in. */
export type SizeUnit = 'bytes' | 'KiB';

const letters = ['k', 'm', 'g', 't', 'p', 'e'];

function factors(): ReadonlyMap<string, bigint> {
  const table = new Map<string, bigint>([
    ['b', 1n],
    ['byte', 1n],
    ['bytes', 1n],
  ]);
  letters.forEach((letter, index) => {
    const power = BigInt(index + 1);
    table.set(letter, 1024n ** power);
    table.set(`${letter}ib`, 1024n ** power);
    table.set(`${letter}b`, 1000n ** power);
  });
  return table;
}

const factor = factors();

/** Every spelling of a unit, in the case libvirt documents. */
export const unitNames: readonly string[] = [
  'b',
  'bytes',
  ...['K', 'M', 'G', 'T', 'P', 'E'].flatMap((letter) => [`${letter}B`, letter, `${letter}iB`]),
  'k',
];

/** Bytes in one unit, whatever its case; undefined for an unknown unit. */
export function bytesPer(unit: string): bigint | undefined {
  return factor.get(unit.toLowerCase());
}

/** Converts a size, rounding up as libvirt does; `overflow` when a number no longer holds it exactly. */
export function scaleSize(value: string, unit: string, to: SizeUnit): number | 'bad' | 'overflow' | 'unit' {
  if (!/^\s*\+?\d{1,40}\s*$/.test(value)) return 'bad';
  if (unit === to) {
    const same = Number(value);
    if (Number.isSafeInteger(same)) return same;
  }
  const from = bytesPer(unit);
  if (from === undefined) return 'unit';
  const target = to === 'KiB' ? 1024n : 1n;
  const scaled = (BigInt(value.trim()) * from + target - 1n) / target;
  return scaled <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(scaled) : 'overflow';
}

/** Parses a person's size such as `10G`, `512 MiB` or `4096` (bytes); undefined when it is none. */
export function parseSize(text: string, to: SizeUnit = 'bytes'): number | undefined {
  const match = /^(\d{1,40})\s*([a-zA-Z]{0,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const size = scaleSize(match[1] ?? '', match[2] || 'bytes', to);
  return typeof size === 'number' ? size : undefined;
}
