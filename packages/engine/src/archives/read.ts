// Reads a domain's archive, which a stranger may have made: in its one order, and to its end.
// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { ByteReader } from '../templates/archive/byte-reader.js';
import { decompress, detectCompression, MAGIC_BYTES } from '../templates/archive/compression.js';
import { refuse } from '../templates/archive/errors.js';
import { within } from '../templates/archive/layer-inspect.js';
import type { ImportLimits } from '../templates/archive/limits.js';
import { show } from '../templates/archive/tar-header.js';
import { type TarEntry, TarReader } from '../templates/archive/tar-reader.js';
import { type Manifest, parseManifest } from './manifest.js';

const TEXT_BYTES = 4 * 1024 ** 2;

/** One archive: `head`, then each layer in the manifest's order, then `end`; `close` in any case. */
export class ArchiveReader {
  readonly #reader: TarReader;
  readonly #entries: AsyncGenerator<TarEntry>;
  readonly #hash: Hash = createHash('sha256');
  /** Of all before the member that was read last. */
  #before: Hash = this.#hash;
  #next: TarEntry | undefined;
  #bytes = 0;

  private constructor(input: AsyncIterable<Buffer>, limits: ImportLimits) {
    this.#reader = new TarReader(input, limits, undefined, {
      layers: true,
      onBytes: (bytes) => {
        this.#hash.update(bytes);
        this.#bytes += bytes.length;
      },
      onMember: () => {
        this.#before = this.#hash.copy();
      },
    });
    this.#entries = this.#reader.members();
  }

  /** Of a tar, packed or not. */
  static async open(
    input: AsyncIterable<Buffer>,
    limits: ImportLimits,
    signal: AbortSignal | undefined,
  ): Promise<ArchiveReader> {
    const packed = new ByteReader(input);
    const compression = detectCompression(await packed.peek(MAGIC_BYTES));
    return new ArchiveReader(decompress(packed.rest(), compression, limits, signal), limits);
  }

  /** How many bytes were read of the tar so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many extended attributes were left out so far. */
  get droppedAttributes(): number {
    return this.#reader.droppedAttributes;
  }

  /** How long all of it is, as far as that can be told by what part of the packed archive was read, from 0 to 1. */
  bytesOf(part: number): number {
    // What is on its way between the programs counts as read: of a large file that began its length is known.
    return Math.max(this.#reader.unpackedBytes, part === 0 ? 0 : Math.ceil(this.#bytes / part));
  }

  /** What the archive begins with; nothing is taken. */
  async begins(): Promise<string> {
    this.#next = await this.#take();
    return this.#next?.parts.join('/') ?? '';
  }

  /** All that follows, of an archive that others wrote. */
  async *members(): AsyncGenerator<TarEntry> {
    for (let entry = await this.#take(); entry !== undefined; entry = await this.#take()) yield entry;
  }

  /** What it says of itself, and the domain's document. */
  async head(): Promise<{ readonly manifest: Manifest; readonly xml: string }> {
    const manifest = parseManifest(await this.#text('manifest.json'));
    const xml = await this.#text('domain.xml');
    return { manifest, xml: xml.toString('utf8') };
  }

  /** Members of the layer of this key, by their paths in it. */
  layer(key: string): AsyncGenerator<TarEntry> {
    return this.#below('layer', key);
  }

  /** Members of a template that goes with it, by its place in the manifest; they come before all layers. */
  template(index: number): AsyncGenerator<TarEntry> {
    return this.#below('template', String(index));
  }

  /** Members of a folder of the host, by its key; they come behind all layers. */
  mount(key: string): AsyncGenerator<TarEntry> {
    return this.#below('mount', key);
  }

  async *#below(kind: 'layer' | 'template' | 'mount', key: string): AsyncGenerator<TarEntry> {
    for (;;) {
      const entry = await this.#take();
      const [first, second] = entry?.parts ?? [];
      if (entry === undefined || first !== kind || second !== key) {
        this.#next = entry;
        return;
      }
      yield within(`${kind}/${key}/`, entry);
    }
  }

  /** Nothing follows, and what came is what was written. */
  async end(): Promise<void> {
    const said = (await this.#text('END', () => this.#before.digest('hex'))).toString('latin1').trim();
    if (said !== this.#digest)
      throw refuse('digest', 'the archive is damaged: its digest is not the one that its end says');
    const more = await this.#take();
    if (more !== undefined)
      throw refuse('trailing-data', `${show(more.parts.join('/'))} follows the end of the archive`);
  }

  async close(): Promise<void> {
    await this.#entries.return(undefined);
  }

  #digest = '';

  async #text(name: string, onFound: () => string = () => ''): Promise<Buffer> {
    const entry = await this.#take();
    const path = entry?.parts.join('/');
    if (path !== name || entry?.member?.kind !== 'file') {
      const found = path === undefined ? 'its end' : show(path);
      const isNone = name === 'manifest.json';
      throw refuse(
        isNone ? 'format' : 'truncated',
        isNone
          ? `the archive is none of a domain: it begins with ${found}`
          : `the archive is incomplete or damaged: ${found} where ${name} should be`,
      );
    }
    this.#digest = onFound();
    return await smallFile(entry, name);
  }

  async #take(): Promise<TarEntry | undefined> {
    const kept = this.#next;
    this.#next = undefined;
    if (kept !== undefined) return kept;
    const taken = await this.#entries.next();
    return taken.done === true ? undefined : taken.value;
  }
}

/** All of a file that is read as text. */
export async function smallFile({ member, data }: TarEntry, name: string): Promise<Buffer> {
  if (member?.kind !== 'file') throw refuse('file-type', `${name} is no file`);
  if (member.size > TEXT_BYTES || member.stretches !== undefined)
    throw refuse('limit', `${name} is longer than ${TEXT_BYTES} bytes`);
  const pieces: Buffer[] = [];
  for await (const piece of data) pieces.push(piece);
  return Buffer.concat(pieces);
}
