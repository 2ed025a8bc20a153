// Numbers as liblxc reads them: strtoul with base 0, so hexadecimal and octal ones count too.
// SPDX-License-Identifier: Apache-2.0

/** A whole number up to `most`; undefined for anything liblxc refuses. */
export function readUint(text: string, most = 0xffff_ffff): number | undefined {
  const match = /^\s*\+?(?:0x([0-9a-f]{1,8})|(0[0-7]{0,11})|([1-9]\d{0,9}))$/i.exec(text);
  if (match === null) return undefined;
  const [, hexadecimal, octal, decimal] = match;
  const value =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : Number(decimal);
  return value <= most ? value : undefined;
}
