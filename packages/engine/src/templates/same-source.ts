// Finds the template that was made of the same image before, without importing it again.
// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_LIMITS } from './archive/limits.js';
import { MeasuredSource, openSource } from './archive/source.js';
import { FolderBlobs } from './image/blobs.js';
import { readImage } from './image/read.js';
import { type ImportOptions, placeOf } from './import-archive.js';
import type { Template } from './record.js';

/** Of the bytes of an archive, or of the image in a layout's folder: what `digest` of a template is. */
export async function sameSource(
  source: string,
  known: readonly Template[],
  { image, signal, limits, ...expected }: ImportOptions,
): Promise<Template | undefined> {
  // One that is not as expected is left to the import, which says so.
  const isExpected = ({ digest, sizeBytes }: Template): boolean =>
    (expected.digest ?? digest) === digest && (expected.sizeBytes ?? sizeBytes) === sizeBytes;
  const of = known.filter((one) => one.reference === image && isExpected(one));
  const most = { ...DEFAULT_LIMITS, ...limits };
  const place = await placeOf(source, most);
  if (place instanceof FolderBlobs) {
    const { digest } = await readImage({ blobs: place, limits: most, signal }, image);
    return of.find((template) => template.digest === digest);
  }
  const { stream, sizeBytes } = await openSource(place);
  try {
    // Most are told by their length, and need not be read.
    const alike = of.filter((template) => template.sizeBytes === sizeBytes);
    if (alike.length === 0) return undefined;
    const measured = new MeasuredSource(stream, {}, most.archiveBytes);
    for await (const _chunk of measured.chunks()) signal?.throwIfAborted();
    const digest = measured.finish();
    return alike.find((template) => template.digest === digest);
  } finally {
    stream.destroy();
  }
}
