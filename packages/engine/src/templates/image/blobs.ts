// The files of an image, from a folder or an archive of it: each is opened by its name and measured as it is read.
// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../archive/errors.js';
import type { ImportLimits } from '../archive/limits.js';
import { type Expected, MeasuredSource, openSource } from '../archive/source.js';
import { type Budget, TarReader } from '../archive/tar-reader.js';

/** More than any list of layers takes. */
const JSON_BYTES = 4 * 1024 ** 2;
const ALIASES = 8;

/** By names as they stand in the archive, or below the folder. */
export interface Blobs {
  has(name: string): Promise<boolean>;
  /** Its bytes; at their end it is known whether they are what was expected. */
  chunks(name: string, expected: Expected): AsyncGenerator<Buffer>;
}

/** A small file, whole. */
export async function readBlob(blobs: Blobs, name: string, expected: Expected = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of blobs.chunks(name, expected)) {
    parts.push(chunk);
    length += chunk.length;
    if (length > JSON_BYTES) throw refuse('limit', `${name} of the image is longer than ${JSON_BYTES} bytes`);
  }
  return Buffer.concat(parts);
}

async function* measured(path: string, expected: Expected, limits: ImportLimits): AsyncGenerator<Buffer> {
  const { stream } = await openSource(path);
  try {
    const source = new MeasuredSource(stream, expected, limits.archiveBytes);
    yield* source.chunks();
    source.finish();
  } finally {
    stream.destroy();
  }
}

/** Files below a folder, which others may change meanwhile: what has a digest is held to it whenever it is read. */
export class FolderBlobs implements Blobs {
  constructor(
    private readonly folder: string,
    private readonly limits: ImportLimits,
  ) {}

  async has(name: string): Promise<boolean> {
    const opened = await openSource(join(this.folder, name)).catch(() => undefined);
    opened?.stream.destroy();
    return opened !== undefined;
  }

  chunks(name: string, expected: Expected): AsyncGenerator<Buffer> {
    return measured(join(this.folder, name), expected, this.limits);
  }
}

/** The files of an archive, which may come in any order: each lies in a file of ours, numbered, until the image is made. */
export class SpooledBlobs implements Blobs {
  readonly #paths = new Map<string, string>();
  /** Writers of old name a layer that is there twice by a link. */
  readonly #aliases = new Map<string, string>();

  private constructor(
    private readonly folder: string,
    private readonly limits: ImportLimits,
  ) {}

  static async read(
    archive: AsyncIterable<Buffer>,
    folder: string,
    limits: ImportLimits,
    budget: Budget,
  ): Promise<SpooledBlobs> {
    const spooled = new SpooledBlobs(folder, limits);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for await (const { parts, member, data } of new TarReader(archive, limits, budget).members()) {
      const name = parts.join('/');
      if (member?.kind === 'file') await spooled.#keep(name, data);
      else if (member?.kind === 'symlink')
        spooled.#aliases.set(name, join('/', ...parts.slice(0, -1), member.target ?? '').slice(1));
      else if (member?.kind === 'hardlink') spooled.#aliases.set(name, member.target ?? '');
    }
    return spooled;
  }

  async #keep(name: string, data: AsyncIterable<Buffer>): Promise<void> {
    if (this.#paths.has(name)) throw refuse('duplicate', `${name} is in the archive twice`);
    const path = join(this.folder, String(this.#paths.size));
    this.#paths.set(name, path);
    await writeFile(path, data, { flag: 'wx', mode: 0o600 });
  }

  async has(name: string): Promise<boolean> {
    return this.#pathOf(name) !== undefined;
  }

  chunks(name: string, expected: Expected): AsyncGenerator<Buffer> {
    const path = this.#pathOf(name);
    if (path === undefined) throw refuse('image', `the image has no ${JSON.stringify(name.slice(0, 200))}`);
    return measured(path, expected, this.limits);
  }

  #pathOf(name: string): string | undefined {
    let at = name;
    for (let hops = 0; hops < ALIASES; hops++) {
      const path = this.#paths.get(at);
      if (path !== undefined) return path;
      const next = this.#aliases.get(at);
      if (next === undefined) return undefined;
      at = next;
    }
    return undefined;
  }
}
