// Addresses of links as bytes: those of a document, and those that follow from a hardware address.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

import { macText } from '../host/address-bytes.js';

export { addressBytes, addressText } from '../host/address-bytes.js';

/**
 * A hardware address for a link whose document gives none, the same at each start: what may come from a link can be said
 * before it is there. Locally administered, and with 46 bits no two of a network are alike.
 */
export function madeMac(uuid: string, name: string): string {
  const bytes = createHash('sha256').update(`${uuid} ${name}`).digest().subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2;
  return macText(bytes);
}

/** Returns the six bytes of a hardware address. */
export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(/[:-]/g, ''), 'hex');

/** The half of an IPv6 address that a kernel makes of its link's hardware address. */
export function interfaceId(mac: string): Buffer {
  const bytes = macBytes(mac);
  const id = Buffer.concat([bytes.subarray(0, 3), Buffer.from([0xff, 0xfe]), bytes.subarray(3)]);
  id.writeUInt8(id.readUInt8(0) ^ 2, 0);
  return id;
}

/** The address of the link itself that a kernel makes by default. */
export const linkLocal = (mac: string): Buffer =>
  Buffer.concat([Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0]), interfaceId(mac)]);
