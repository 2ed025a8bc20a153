// Makes images of layers, in OCI's layout and as `docker save` writes them, right ones and ones with something wrong.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { archive, type RawEntry } from './hostile-archive.js';

/** Of the bytes, as images write it. */
export const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What an image is made of; what is left out is sound. */
export interface ImageParts {
  /** Tars, the lowest first. */
  readonly layers: readonly Buffer[];
  /** The `config` of its configuration. */
  readonly config?: object;
  readonly architecture?: string;
  readonly os?: string;
  readonly diffIds?: readonly string[];
  readonly pack?: (layer: Buffer) => Buffer;
  readonly name?: string;
  readonly platform?: object;
}

export type Files = Map<string, Buffer>;

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const machine = process.arch === 'x64' ? 'amd64' : process.arch;

function configOf({
  layers,
  config = {},
  architecture = machine,
  os = 'linux',
  diffIds,
}: ImageParts): Buffer {
  return json({
    architecture,
    os,
    config,
    rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map(digestOf) },
  });
}

/** A layout of one image, or of several. */
export function layoutOf(...images: readonly ImageParts[]): Files {
  const files: Files = new Map([['oci-layout', json({ imageLayoutVersion: '1.0.0' })]]);
  const blob = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    files.set(`blobs/sha256/${digest.slice(7)}`, bytes);
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest, size: bytes.length };
  };
  const manifests = images.map((image) => {
    const { layers, pack = gzipSync, name, platform } = image;
    const manifest = {
      schemaVersion: 2,
      config: blob(configOf(image), 'config.v1+json'),
      layers: layers.map((layer) => blob(pack(layer), 'layer.v1.tar+gzip')),
    };
    return {
      ...blob(json(manifest), 'manifest.v1+json'),
      ...(platform && { platform }),
      ...(name !== undefined && { annotations: { 'org.opencontainers.image.ref.name': name } }),
    };
  });
  files.set('index.json', json({ schemaVersion: 2, manifests }));
  return files;
}

/** What `docker save` wrote before it wrote layouts. */
export function dockerArchiveOf(image: ImageParts): Files {
  const config = configOf(image);
  const name = `${digestOf(config).slice(7)}.json`;
  const files: Files = new Map([[name, config]]);
  const layers = image.layers.map((layer) => {
    const path = `${digestOf(layer).slice(7)}/layer.tar`;
    files.set(path, layer);
    return path;
  });
  files.set(
    'manifest.json',
    json([{ Config: name, RepoTags: [image.name ?? 'test:latest'], Layers: layers }]),
  );
  return files;
}

/** A tar of files, in this order. */
export const tarOf = (files: Files): Buffer =>
  archive(...[...files].map(([name, data]): RawEntry => ({ name, data, prefix: '' })));

export async function writeFiles(folder: string, files: Files): Promise<string> {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}
