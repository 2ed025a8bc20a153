// One archive's way from its bytes to an unpacked tree: measured, decompressed, inspected, unpacked.
// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ByteReader } from './archive/byte-reader.js';
import { decompress, detectCompression, MAGIC_BYTES } from './archive/compression.js';
import { refuse } from './archive/errors.js';
import { TarInspector } from './archive/inspect.js';
import { DEFAULT_LIMITS, type ImportLimits, RATIO_FROM } from './archive/limits.js';
import { type Expected, MeasuredSource, openSource } from './archive/source.js';
import { type Budget, leftOut, TarReader } from './archive/tar-reader.js';
import { unpack } from './archive/unpack.js';
import { type Blobs, FolderBlobs, SpooledBlobs } from './image/blobs.js';
import { defaultsOf, folderOf } from './image/defaults.js';
import { kindOfArchive } from './image/kind.js';
import { LayerMerge } from './image/merge.js';
import { nestedRoot } from './image/nested.js';
import { type Image, readImage } from './image/read.js';
import { SQUASHFS_MAGIC, squashfsPath, squashfsRoot } from './image/squashfs.js';
import type { Template } from './record.js';

/** How far an import is; `doneBytes` counts the archive's own bytes. */
export interface ImportProgress {
  phase: 'build' | 'read' | 'unpack' | 'sync' | 'pack';
  doneBytes: number;
  totalBytes?: number;
  entries: number;
  /** What is being done, where the phase alone does not say it. */
  message?: string;
}

/** What an import may be told. */
export interface ImportOptions extends Expected {
  limits?: Partial<ImportLimits>;
  /** Called at most ten times a second. */
  onProgress?: (progress: ImportProgress) => void;
  signal?: AbortSignal;
  /** Recorded as the template's source in place of the path. */
  label?: string;
  /** Which of several images in a layout or archive of them. */
  image?: string;
}

/** Where an import works: two folders that nobody else knows. */
export interface Places {
  /** Fresh and empty; whatever is thrown, the caller removes it. Without it all is read and judged, and nothing unpacked. */
  root?: string;
  /** A path of its own, made where it is needed, for the caller to remove in any case. */
  scratch: string;
}

/** What an import found out. */
export interface Imported extends Omit<Template, 'name' | 'importedAt'> {
  entries: number;
}

const PROGRESS_MS = 100;

interface Work {
  readonly places: Places;
  readonly options: ImportOptions;
  readonly limits: ImportLimits;
}

/** Unpacks an archive of a root or of an image, or the folder of an image in OCI's layout. */
export async function importArchive(
  source: string | Readable,
  places: Places,
  options: ImportOptions,
): Promise<Imported> {
  const work: Work = { places, options, limits: { ...DEFAULT_LIMITS, ...options.limits } };
  options.signal?.throwIfAborted();
  if (typeof source !== 'string') return importStream(source, work);
  const place = await placeOf(source, work.limits);
  return typeof place === 'string' ? importStream(place, work) : importLayout(source, place, work);
}

/** A file to be read, or the folder of a layout. */
export async function placeOf(source: string, limits: ImportLimits): Promise<string | FolderBlobs> {
  if (!(await isFolder(source))) return source;
  const blobs = new FolderBlobs(source, limits);
  return (await blobs.has('index.json')) ? blobs : await rootIn(source);
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function importLayout(folder: string, blobs: FolderBlobs, work: Work): Promise<Imported> {
  const { digest, sizeBytes } = work.options;
  if (sizeBytes !== undefined)
    throw refuse('size', `${folder} is a folder, whose size is not known beforehand`);
  const made = await importImage(blobs, work);
  if (digest !== undefined && digest !== made.digest)
    throw refuse('digest', `the digest of the image is ${made.digest} where it should be ${digest}`);
  return { ...made, source: work.options.label ?? folder };
}

/** LXC's and Incus' servers have a root and its description beside each other. */
async function rootIn(folder: string): Promise<string> {
  const [root, ...others] = (await readdir(folder)).filter((name) =>
    /^rootfs\.(?:squashfs|tar(?:\.(?:gz|xz|zst))?)$/.test(name),
  );
  if (root !== undefined && others.length === 0) return join(folder, root);
  throw refuse(
    'source',
    `${folder} is no image: it has neither the index.json of OCI's layout nor one file rootfs.squashfs or rootfs.tar.xz`,
  );
}

const budgetOf =
  (limits: ImportLimits, packedBytes: () => number): Budget =>
  (unpackedBytes) => {
    if (unpackedBytes <= RATIO_FROM || unpackedBytes <= packedBytes() * limits.ratio) return;
    throw refuse('limit', `the archive unpacks to more than ${limits.ratio} times its own length`);
  };

async function importStream(source: string | Readable, work: Work): Promise<Imported> {
  const { options, limits, places } = work;
  const { signal } = options;
  const opened = await openSource(source, options.label);
  const cancel = () => opened.stream.destroy(new Error('cancelled'));
  signal?.addEventListener('abort', cancel);
  try {
    const measured = new MeasuredSource(opened.stream, options, limits.archiveBytes);
    const totalBytes = options.sizeBytes ?? opened.sizeBytes;
    const budget = budgetOf(limits, () => Math.max(measured.bytes, totalBytes ?? 0));
    const seen = () => ({ doneBytes: measured.bytes, ...(totalBytes !== undefined && { totalBytes }) });
    const reader = new ByteReader(measured.chunks());
    if (SQUASHFS_MAGIC.equals(await reader.peek(SQUASHFS_MAGIC.length))) {
      const bytes = watched(reader.rest(), work, () => ({ phase: 'read', entries: 0, ...seen() }));
      await mkdir(places.scratch, { mode: 0o700 });
      await writeFile(squashfsPath(places.scratch), bytes, { flag: 'wx', mode: 0o600 });
      const digest = measured.finish();
      const inspector = new TarInspector(
        squashfsRoot({ folder: places.scratch, limits, budget, signal }),
        limits,
      );
      await unpackRoot(inspector, work, seen);
      return { digest, sizeBytes: measured.bytes, source: opened.label, ...inspector.result() };
    }
    const compression = detectCompression(await reader.peek(MAGIC_BYTES));
    const archive = new ByteReader(decompress(reader.rest(), compression, limits, signal));
    const kind = await kindOfArchive(archive);
    if (kind === 'image') {
      const reported = watched(archive.rest(), work, () => ({ phase: 'read', entries: 0, ...seen() }));
      const blobs = await SpooledBlobs.read(reported, places.scratch, limits, budget);
      const digest = measured.finish();
      const made = await importImage(blobs, work, measured.bytes);
      return { ...made, digest, sizeBytes: measured.bytes, source: opened.label };
    }
    const outer = kind === 'nested' ? new TarReader(archive.rest(), limits, budget) : undefined;
    const bytes = outer === undefined ? archive.rest() : nestedRoot(outer);
    const inspector = new TarInspector(bytes, limits, budget);
    await unpackRoot(inspector, work, seen);
    const digest = measured.finish();
    const found = inspector.result();
    const notes = [...(outer === undefined ? [] : leftOut(outer)), ...found.notes];
    return { digest, sizeBytes: measured.bytes, source: opened.label, ...found, notes };
  } finally {
    signal?.removeEventListener('abort', cancel);
    opened.stream.destroy();
  }
}

/** A folder's length is what its layers say, who are held to it. */
async function importImage(
  blobs: Blobs,
  work: Work,
  packedBytes?: number,
): Promise<Omit<Imported, 'source'>> {
  const { options, limits } = work;
  const image: Image = await readImage({ blobs, limits, signal: options.signal }, options.image);
  const budget = budgetOf(limits, () => packedBytes ?? image.sizeBytes);
  const merge = new LayerMerge(image.layers, limits, budget, folderOf(image.config) ?? '/');
  const inspector = new TarInspector(merge.blocks(), limits);
  await unpackRoot(inspector, work, () => ({
    doneBytes: inspector.unpackedBytes,
    totalBytes: merge.keptBytes,
  }));
  const { notes, ...facts } = inspector.result();
  const found = defaultsOf(image.config, inspector.tree);
  return {
    ...facts,
    digest: image.digest,
    sizeBytes: image.sizeBytes,
    notes: [...merge.notes, ...notes, ...found.notes],
    image: found.image,
  };
}

type Seen = Pick<ImportProgress, 'doneBytes' | 'totalBytes'>;

async function unpackRoot(inspector: TarInspector, work: Work, seen: () => Seen): Promise<void> {
  const { places, options, limits } = work;
  const state = (): ImportProgress => ({ phase: 'unpack', entries: inspector.entries, ...seen() });
  const blocks = watched(inspector.blocks(), work, state);
  if (places.root === undefined) for await (const _block of blocks);
  else await unpack(blocks, places.root, limits, { signal: options.signal });
  options.onProgress?.(state());
}

async function* watched(
  bytes: AsyncIterable<Buffer>,
  { options: { onProgress } }: Work,
  state: () => ImportProgress,
): AsyncGenerator<Buffer> {
  let reportedAt = 0;
  for await (const block of bytes) {
    const now = performance.now();
    if (now - reportedAt >= PROGRESS_MS) {
      reportedAt = now;
      onProgress?.(state());
    }
    yield block;
  }
}
