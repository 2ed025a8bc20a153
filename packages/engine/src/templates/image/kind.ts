// Tells by the first names in an archive whether it is a root, an image that holds layers, or a root with a description beside it.
// SPDX-License-Identifier: Apache-2.0
import type { ByteReader } from '../archive/byte-reader.js';
import { TemplateError } from '../archive/errors.js';
import { isZero, parseHeader } from '../archive/tar-header.js';
import { BLOCK, padding } from '../archive/tar-write.js';

/** `nested` is a root in the folder `rootfs`, as Incus and LXD export one. */
export type ArchiveKind = 'root' | 'image' | 'nested';

/** Extended headers may come before a name; longer ones are none of an image's. */
const LOOKED_AT = 16 * BLOCK;

// No root has these at its top.
const image = /^(?:oci-layout|index\.json|manifest\.json|repositories|blobs|[0-9a-f]{64}(?:\.tar|\.json)?)$/;
const nested = /^(?:metadata\.yaml|rootfs|templates)$/;

/** What is damaged is a root: its inspection says what is wrong with it. No more is waited for than tells. */
export async function kindOfArchive(archive: ByteReader): Promise<ArchiveKind> {
  for (let length = BLOCK; length <= LOOKED_AT; length += BLOCK) {
    const head = await archive.peek(length);
    const name = firstName(head);
    if (name !== undefined || head.length < length) return kindOf(name ?? '');
  }
  return 'root';
}

function kindOf(name: string): ArchiveKind {
  if (image.test(name)) return 'image';
  return nested.test(name) ? 'nested' : 'root';
}

/** The top of the first path that is not the root itself: empty if there is none, undefined if it is not there yet. */
function firstName(head: Buffer): string | undefined {
  try {
    for (let at = 0; at + BLOCK <= head.length; ) {
      const block = head.subarray(at, at + BLOCK);
      if (isZero(block)) return '';
      const { type, name, size } = parseHeader(block);
      const [top] = name.split('/').filter((part) => part !== '' && part !== '.');
      if (!['x', 'g', 'L', 'K'].includes(type) && top !== undefined) return top;
      at += BLOCK + size + padding(size).length;
    }
    return undefined;
  } catch (error) {
    if (error instanceof TemplateError) return '';
    throw error;
  }
}
