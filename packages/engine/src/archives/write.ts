// A domain as one archive: manifest, document, layers, and an end with the digest of all before.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../errors.js';
import { isErrno } from '../host/gone.js';
import { writeNewFile } from '../host/new-file.js';
import { Child } from '../templates/archive/child.js';
import { LayerInspector, layerBlocks, placed } from '../templates/archive/layer-inspect.js';
import { outputOf } from '../templates/archive/output.js';
import type { TarEntry } from '../templates/archive/tar-reader.js';
import { endOfArchive, memberBlocks } from '../templates/archive/tar-write.js';
import type { Packing } from './layers.js';
import { formatManifest, type Manifest } from './manifest.js';
import { treeBlocks } from './templates.js';

/** What an archive is made of. */
export interface Archived {
  readonly manifest: Manifest;
  readonly xml: string;
  /** The members of one that goes with it, by its place in the manifest. */
  readonly template: (index: number) => AsyncIterable<TarEntry>;
  /** The members of a layer, by its key; read once, in the manifest's order. */
  readonly layer: (key: string) => AsyncIterable<TarEntry>;
  /** The same of a folder of the host. */
  readonly mount: (key: string) => AsyncIterable<TarEntry>;
}

/** The archive as a tar. */
export async function* archiveBlocks(
  { manifest, xml, template, layer, mount }: Archived,
  { limits }: Packing,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const block of contents()) {
    hash.update(block);
    yield block;
  }
  yield* textMember('END', Buffer.from(`${hash.digest('hex')}\n`));
  yield endOfArchive();

  async function* contents(): AsyncGenerator<Buffer> {
    yield* textMember('manifest.json', formatManifest(manifest));
    yield* textMember('domain.xml', Buffer.from(xml));
    for (const index of manifest.templates.keys())
      yield* treeBlocks(template(index), (member) => placed(member, `template/${index}/`));
    const below = (entries: AsyncIterable<TarEntry>, prefix: string): AsyncGenerator<Buffer> =>
      layerBlocks(entries, new LayerInspector(limits), (member) => placed(member, prefix));
    for (const { key } of manifest.layers) yield* below(layer(key), `layer/${key}/`);
    for (const { key } of manifest.mounts) yield* below(mount(key), `mount/${key}/`);
  }
}

const textMember = (path: string, data: Buffer): AsyncGenerator<Buffer> =>
  memberBlocks(
    { kind: 'file', path, mode: 0o600, uid: 0, gid: 0, mtime: 0, size: data.length },
    (async function* () {
      yield data;
    })(),
  );

const ZSTD = ['zstd', '-q', '-c', '-3', '-T0'] as const;

/** The same, packed. */
export async function* packedArchive(
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  await using child = new Child(ZSTD, { signal });
  // What went wrong with the files is the reason to tell, not the end of what packs them.
  const fed = child.feed(blocks).then(
    () => undefined,
    (error: unknown) => {
      child.kill();
      return { error };
    },
  );
  try {
    yield* outputOf(child, { failed: 'the archive could not be packed', argv: ZSTD, signal });
  } catch (error) {
    throw (await fed)?.error ?? error;
  }
  const fault = await fed;
  if (fault !== undefined) throw fault.error;
}

/** To a file that is not there yet: it is there whole, or not at all. `held` tells what its files take where they lie. */
export async function writeArchive(
  bytes: AsyncIterable<Buffer>,
  target: string,
  { signal, held }: { readonly signal: AbortSignal | undefined; readonly held: () => Promise<number> },
): Promise<number> {
  if (!target.startsWith('/')) throw new EngineError('invalid', `'${target}' is no absolute path`);
  let written = 0;
  try {
    return await writeNewFile(target, async (out) => {
      try {
        await pipeline(bytes, out, signal === undefined ? {} : { signal });
      } finally {
        written = out.bytesWritten;
      }
      return written;
    });
  } catch (cause) {
    if (isErrno(cause, 'ENOSPC') || isErrno(cause, 'EDQUOT'))
      throw new EngineError(
        'no-space',
        `no space left for ${target}: the domain's files hold ${await held()} bytes, which are packed there, and ${written} bytes were written when it was full; nothing was kept; free some space there, or write it elsewhere`,
        { path: target },
        { cause },
      );
    throw faultOf(cause, target, signal);
  }
}

function faultOf(cause: unknown, target: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true)
    return new EngineError(
      'interrupted',
      `the export to ${target} was cancelled; nothing was kept`,
      {},
      { cause },
    );
  if (isErrno(cause, 'EEXIST'))
    return new EngineError('exists', `there is a file ${target}: another name, or it goes first`);
  if (isErrno(cause, 'ENOENT') || isErrno(cause, 'ENOTDIR'))
    return new EngineError('not-found', `the folder of ${target} is not there`, {}, { cause });
  return cause;
}
