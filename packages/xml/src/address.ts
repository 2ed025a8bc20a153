// IP addresses: which family a text belongs to, without a resolver or native code.
// SPDX-License-Identifier: Apache-2.0

const octet = /^(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/;

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => octet.test(part));
}

function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (let h = 0; h < halves.length; h++) {
    const half = halves[h] ?? '';
    if (half === '') {
      if (halves.length === 1) return false;
      continue;
    }
    const parts = half.split(':');
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? '';
      const isLast = h === halves.length - 1 && i === parts.length - 1;
      if (isLast && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** The two kinds of IP addresses. */
export type Family = 'ipv4' | 'ipv6';
/** How people write them. */
export const familyName = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;
/** Bits of an address. */
export const addressWidth = { ipv4: 32, ipv6: 128 } as const;

/** Family of an address; undefined when the text is none. */
export function familyOf(text: string): Family | undefined {
  if (text.includes(':')) return isIpv6(text) ? 'ipv6' : undefined;
  return isIpv4(text) ? 'ipv4' : undefined;
}

/** The eight groups of an IPv6 address as numbers. */
function groupsOf(text: string): number[] {
  const side = (half: string): number[] =>
    half === ''
      ? []
      : half.split(':').flatMap((part) => {
          if (!part.includes('.')) return [Number.parseInt(part, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const [head = '', tail] = text.split('::');
  const before = side(head);
  if (tail === undefined) return before;
  const after = side(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** The address as one number; undefined when the text is none. */
export function addressNumber(text: string): bigint | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  const [groups, bits] = family === 'ipv4' ? [text.split('.').map(Number), 8n] : [groupsOf(text), 16n];
  return groups.reduce((number, group) => (number << bits) | BigInt(group), 0n);
}

/** The longest run of zero groups, of at least two. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < groups.length; i++) {
    let length = 0;
    while (groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
  }
  return best;
}

/** Whether an address names a network: no bit is set beyond the prefix. */
export function isNetwork(text: string, prefix: number): boolean {
  const family = familyOf(text);
  if (family === undefined) return false;
  const width = family === 'ipv4' ? 8 : 16;
  const groups = family === 'ipv4' ? text.split('.').map(Number) : groupsOf(text);
  return groups.every((group, index) => {
    const free = Math.min(width, Math.max(0, (index + 1) * width - prefix));
    return group % 2 ** free === 0;
  });
}

/** Length of the prefix that a netmask stands for; undefined when its ones are not in front. */
export function prefixOf(netmask: string): number | undefined {
  if (familyOf(netmask) !== 'ipv4') return undefined;
  const bits = netmask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

/** An address as inet_ntop writes it: lower case, longest run of zeros as `::`; other texts stay. */
export function normalAddress(text: string): string {
  const family = familyOf(text);
  if (family !== 'ipv6') return family === 'ipv4' ? text.split('.').map(Number).join('.') : text;
  const groups = groupsOf(text);
  const { start, length } = longestZeros(groups);
  const isMapped = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const dotted = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  if (isMapped && (length === 5 || groups[6] !== 0))
    return `::${length === 5 ? 'ffff:' : ''}${dotted(groups[6], groups[7])}`;
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
