// UUIDs of what has only a name: the same name has the same UUID on every call and in every daemon.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** A UUID of version 5's form, made from kind and name. */
export function namedUuid(kind: string, name: string): string {
  const digest = createHash('sha1').update(`ctvirt:${kind}:${name}`).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
