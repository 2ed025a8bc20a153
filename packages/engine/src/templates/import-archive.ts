// One archive's way from its bytes to an unpacked tree: measured, decompressed, inspected, unpacked.
// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream';
import { ByteReader } from './byte-reader.js';
import { decompress, detectCompression, MAGIC_BYTES } from './compression.js';
import { refuse } from './errors.js';
import { TarInspector } from './inspect.js';
import { DEFAULT_LIMITS, type ImportLimits, RATIO_FROM } from './limits.js';
import type { Template } from './record.js';
import { type Expected, MeasuredSource, openSource } from './source.js';
import { unpack } from './unpack.js';

/** How far an import is; `doneBytes` counts the archive's own bytes. */
export interface ImportProgress {
  phase: 'build' | 'unpack' | 'sync';
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
}

/** What an import found out. */
export interface Imported extends Omit<Template, 'name' | 'importedAt'> {
  entries: number;
}

const PROGRESS_MS = 100;

/** Unpacks `source` into `root`, a fresh empty folder; whatever it throws, the caller removes the folder. */
export async function importArchive(
  source: string | Readable,
  root: string,
  options: ImportOptions,
): Promise<Imported> {
  const { onProgress, signal } = options;
  const limits: ImportLimits = { ...DEFAULT_LIMITS, ...options.limits };
  signal?.throwIfAborted();
  const opened = await openSource(source, options.label);
  const cancel = () => opened.stream.destroy(new Error('cancelled'));
  signal?.addEventListener('abort', cancel);
  try {
    const measured = new MeasuredSource(opened.stream, options, limits.archiveBytes);
    const totalBytes = options.sizeBytes ?? opened.sizeBytes;
    const budget = (unpackedBytes: number) => {
      const packed = Math.max(measured.bytes, totalBytes ?? 0);
      if (unpackedBytes <= RATIO_FROM || unpackedBytes <= packed * limits.ratio) return;
      throw refuse('limit', `the archive unpacks to more than ${limits.ratio} times its own length`);
    };
    const reader = new ByteReader(measured.chunks());
    const compression = detectCompression(await reader.peek(MAGIC_BYTES));
    const inspector = new TarInspector(
      decompress(reader.rest(), compression, limits, signal),
      limits,
      budget,
    );
    let reportedAt = 0;
    const report = (now: number) => {
      reportedAt = now;
      onProgress?.({
        phase: 'unpack',
        doneBytes: measured.bytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
        entries: inspector.entries,
      });
    };
    const watched = async function* () {
      for await (const block of inspector.blocks()) {
        const now = performance.now();
        if (now - reportedAt >= PROGRESS_MS) report(now);
        yield block;
      }
    };
    await unpack(watched(), root, limits, signal);
    report(performance.now());
    const digest = measured.finish();
    return { digest, sizeBytes: measured.bytes, source: opened.label, ...inspector.result() };
  } finally {
    signal?.removeEventListener('abort', cancel);
    opened.stream.destroy();
  }
}
