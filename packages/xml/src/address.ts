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

/** Family of an address; undefined when the text is none. */
export function familyOf(text: string): 'ipv4' | 'ipv6' | undefined {
  if (text.includes(':')) return isIpv6(text) ? 'ipv6' : undefined;
  return isIpv4(text) ? 'ipv4' : undefined;
}
