// The value syntaxes of OpenVZ's configuration files, read and written.
// SPDX-License-Identifier: Apache-2.0

/** LONG_MAX: how OpenVZ writes `unlimited` in a number. */
export const unlimited = 9223372036854775807n;
/** INT_MAX: what 32-bit hosts wrote for `unlimited`; readers take it as such. */
const unlimited32 = 2147483647n;

/** What a container is known by: its number, or with OpenVZ 7 its UUID. */
export type Ctid = number | string;

/** What a beancounter counts; decides how suffixes apply. */
export type UbcUnit = 'pages' | 'bytes' | 'count';
/** What a disk limit counts: blocks of 1 KiB, or inodes. */
export type DiskUnit = 'KiB' | 'inodes';

/** A beancounter's two values, in its parameter's unit; `unlimited` for no bound. */
export interface Ubc {
  readonly barrier: bigint;
  readonly limit: bigint;
}

/** First-level quota, in KiB or inodes. */
export interface DiskLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

const binary: Readonly<Record<string, bigint>> = {
  B: 1n,
  K: 1024n,
  M: 1024n ** 2n,
  G: 1024n ** 3n,
  T: 1024n ** 4n,
};

/** A decimal number with the bytes its suffix stands for (`scale` undefined: no suffix), truncated, at most LONG_MAX. */
function readScaled(text: string, pageSize: number): { value: bigint; suffixed: boolean } | undefined {
  const match = /^(\d{1,40})(?:\.(\d{1,20}))?([a-z])?$/i.exec(text);
  if (!match) return undefined;
  const [, whole = '', fraction = '', suffix] = match;
  if (suffix === undefined)
    return fraction === '' ? { value: clamp(BigInt(whole)), suffixed: false } : undefined;
  const letter = suffix.toUpperCase();
  const scale = letter === 'P' ? BigInt(pageSize) : binary[letter];
  if (scale === undefined) return undefined;
  return {
    value: clamp((BigInt(whole + fraction) * scale) / 10n ** BigInt(fraction.length)),
    suffixed: true,
  };
}

const clamp = (value: bigint): bigint => (value > unlimited ? unlimited : value);

function readUbcNumber(text: string, unit: UbcUnit, pageSize: number): bigint | undefined {
  if (text === 'unlimited') return unlimited;
  const scaled = readScaled(text, pageSize);
  if (!scaled) return undefined;
  if (!scaled.suffixed) return scaled.value === unlimited32 ? unlimited : scaled.value;
  if (unit === 'count') return undefined;
  if (unit === 'bytes' || scaled.value === unlimited) return scaled.value;
  return scaled.value / BigInt(pageSize);
}

/** Reads `barrier[:limit]`; undefined when it is no such thing. */
export function parseUbc(text: string, unit: UbcUnit, pageSize: number): Ubc | undefined {
  const [first = '', second, ...rest] = text.split(':');
  if (rest.length > 0) return undefined;
  const barrier = readUbcNumber(first, unit, pageSize);
  const limit = second === undefined ? barrier : readUbcNumber(second, unit, pageSize);
  return barrier === undefined || limit === undefined ? undefined : { barrier, limit };
}

const ubcNumber = (value: bigint): string => (value >= unlimited ? 'unlimited' : value.toString());

/** Writes as OpenVZ's tools do: one value when both are equal. */
export function formatUbc({ barrier, limit }: Ubc): string {
  return barrier === limit ? ubcNumber(barrier) : `${ubcNumber(barrier)}:${ubcNumber(limit)}`;
}

/** Writes `number:number` without words, the only form libvirt's driver reads for PRIVVMPAGES. */
export function formatUbcPlain({ barrier, limit }: Ubc): string {
  return `${barrier}:${limit}`;
}

/** Reads `soft[:hard]`; `unlimited` is no value here. */
export function parseDisk(text: string, unit: DiskUnit): DiskLimit | undefined {
  const [first = '', second, ...rest] = text.split(':');
  if (rest.length > 0) return undefined;
  const soft = readDiskNumber(first, unit);
  const hard = second === undefined ? soft : readDiskNumber(second, unit);
  return soft === undefined || hard === undefined ? undefined : { soft, hard };
}

function readDiskNumber(text: string, unit: DiskUnit): bigint | undefined {
  if (/p$/i.test(text)) return undefined;
  const scaled = readScaled(text, 1);
  if (!scaled) return undefined;
  return unit === 'KiB' && scaled.suffixed ? scaled.value / 1024n : scaled.value;
}

/** A limit that is none: 0, as for libvirt and the kernel's quotas, or more than there is. vzctl takes 0 for one that is not set. */
export const isNoLimit = ({ hard }: DiskLimit): boolean => hard === 0n || hard >= unlimited;

/** What somebody asks for, as a file has it: there is no word in it for no limit. */
export const askedDisk = (text: string): string => (text === 'unlimited' ? '0' : text);

/** Always `soft:hard` in plain numbers: KiB or inodes. */
export function formatDisk({ soft, hard }: DiskLimit): string {
  return `${soft}:${hard}`;
}

/** Reads a plain decimal or `unlimited`. */
export function parseUlong(text: string): bigint | undefined {
  if (text === 'unlimited') return unlimited;
  return /^\d{1,40}$/.test(text) ? clamp(BigInt(text)) : undefined;
}

/** Reads a rate: number with suffix, `unlimited`; 0 and `unlimited` both mean none. */
export function parseRate(text: string): bigint | undefined {
  if (text === 'unlimited') return 0n;
  return readScaled(text, 1)?.value;
}

/** Reads `yes` or `no`. */
export function parseBool(text: string): boolean | undefined {
  return text === 'yes' ? true : text === 'no' ? false : undefined;
}

/** Items between blanks. */
export function parseList(text: string): string[] {
  return text.split(/[ \t]+/).filter((item) => item !== '');
}

/** An absolute path with the first `$VEID` or `${VEID}` replaced and no slash at its end. */
export function parsePath(text: string, ctid: Ctid | undefined): string | undefined {
  if (!text.startsWith('/') || text.includes('\0')) return undefined;
  const path = ctid === undefined ? text : text.replace(/\$VEID|\$\{VEID\}/, String(ctid));
  return path.replace(/\/+$/, '') || '/';
}

const maxBits = 4096;

/** Reads `all` or `0,2-5,7` into the kernel's own list form, ordered and merged; `all` stays a word. */
export function parseBitmap(text: string): string | undefined {
  if (text === 'all') return 'all';
  const bits = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item.trim());
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last >= maxBits) return undefined;
    for (let bit = first; bit <= last; bit++) bits.add(bit);
  }
  return formatBitmap(bits);
}

/** Writes a set of numbers as the shortest list of ranges. */
export function formatBitmap(bits: Iterable<number>): string {
  const ranges: [number, number][] = [];
  for (const bit of [...bits].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && bit <= last[1] + 1) last[1] = Math.max(last[1], bit);
    else ranges.push([bit, bit]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** CPULIMIT: percent of one CPU, or of the whole node when written with `%`; 0 is no limit. */
export interface CpuLimit {
  readonly percent: number;
  readonly ofNode: boolean;
}

/** Reads CPULIMIT. */
export function parseCpuLimit(text: string): CpuLimit | undefined {
  const match = /^(\d{1,9})(?:\.\d{1,9})?(%)?$/.exec(text);
  if (!match) return undefined;
  const ofNode = match[2] === '%';
  const percent = Number(text.replace('%', ''));
  return ofNode && percent > 100 ? undefined : { percent, ofNode };
}

/** Reads `NAME:on|off` items (CAPABILITY, FEATURES), names lower case; undefined at the first bad one. */
export function parseSwitches(text: string): Map<string, boolean> | undefined {
  const switches = new Map<string, boolean>();
  for (const item of text.split(/[ \t,]+/).filter((word) => word !== '')) {
    const match = /^([a-z0-9_]{1,64}):(on|off)$/i.exec(item);
    if (!match?.[1]) return undefined;
    switches.set(match[1].toLowerCase(), match[2] === 'on');
  }
  return switches;
}
