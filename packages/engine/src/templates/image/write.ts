// Writes a tree as an image of one layer: a tar that is a layout of OCI's and what `docker load` takes, both.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeNewFile } from '../../host/new-file.js';
import { endOfArchive, memberBlocks } from '../archive/tar-write.js';
import { imageMachine } from './machines.js';
import { type Exported, packedTree, seen, type TreeToWrite, type Writing, writeGzip } from './pack.js';

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly bytes: () => AsyncIterable<Buffer>;
}

/** Its digest as an image, and the length of what was written. */
export async function writeOciImage(tree: TreeToWrite, writing: Writing): Promise<Exported> {
  const { layer, diffId } = await writeLayer(tree, writing);
  const config = jsonBlob({ ...configOf(tree), rootfs: { type: 'layers', diff_ids: [diffId] } });
  const described = (blob: Blob, type: string) => ({
    mediaType: `application/vnd.oci.image.${type}`,
    digest: blob.digest,
    size: blob.size,
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: described(config, 'config.v1+json'),
    layers: [described(layer, 'layer.v1.tar+gzip')],
  });
  const annotations = { 'org.opencontainers.image.ref.name': tree.name };
  const index = jsonBlob({
    schemaVersion: 2,
    manifests: [{ ...described(manifest, 'manifest.v1+json'), annotations }],
  });
  const [configPath, layerPath] = [pathOf(config), pathOf(layer)];
  const forDocker = jsonBlob([
    { Config: configPath, RepoTags: [`${tree.name.toLowerCase()}:latest`], Layers: [layerPath] },
  ]);
  const files: [string, Blob][] = [
    ['oci-layout', jsonBlob({ imageLayoutVersion: '1.0.0' })],
    ['index.json', index],
    ['manifest.json', forDocker],
    [pathOf(manifest), manifest],
    [configPath, config],
    [layerPath, layer],
  ];
  const { signal } = writing;
  const bytes = Readable.from(tarOf(files), { objectMode: false });
  await writeNewFile(writing.target, (out) =>
    pipeline(bytes, out, ...(signal === undefined ? [] : [{ signal }])),
  );
  return { digest: manifest.digest, sizeBytes: (await stat(writing.target)).size };
}

const pathOf = ({ digest }: Blob): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

function jsonBlob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { digest, size: bytes.length, bytes: () => Readable.from([bytes]) };
}

function configOf({ arch, created, image }: TreeToWrite) {
  const {
    command = ['/sbin/init'],
    environment = [],
    folder,
    user,
    group,
    volumes = [],
    ports = [],
    stopSignal,
  } = image ?? {};
  const set = (words: readonly string[]) => Object.fromEntries(words.map((word) => [word, {}]));
  return {
    created,
    architecture: imageMachine(arch),
    os: 'linux',
    config: {
      ...(command.length > 0 && { Cmd: command }),
      Env: environment.map(({ name, value }) => `${name}=${value}`),
      ...(folder !== undefined && { WorkingDir: folder }),
      ...(user !== undefined && { User: `${user}:${group ?? 0}` }),
      ...(volumes.length > 0 && { Volumes: set(volumes) }),
      ...(ports.length > 0 && { ExposedPorts: set(ports) }),
      ...(stopSignal !== undefined && { StopSignal: stopSignal }),
    },
  };
}

/** Packed into a file of ours: what it is called by is known at its end. */
async function writeLayer(tree: TreeToWrite, writing: Writing): Promise<{ layer: Blob; diffId: string }> {
  await mkdir(writing.scratch, { mode: 0o700 });
  const path = join(writing.scratch, 'layer');
  const plain = createHash('sha256');
  const bytes = seen(packedTree(tree, writing), (chunk) => plain.update(chunk));
  const out = createWriteStream('', { fd: openSync(path, 'wx', 0o600) });
  const { digest, sizeBytes } = await writeGzip(bytes, out, writing);
  const layer = { digest, size: sizeBytes, bytes: () => createReadStream(path) };
  return { layer, diffId: `sha256:${plain.digest('hex')}` };
}

async function* tarOf(files: readonly (readonly [string, Blob])[]): AsyncGenerator<Buffer> {
  for (const [path, blob] of files) {
    const { size } = blob;
    yield* memberBlocks({ kind: 'file', path, mode: 0o644, uid: 0, gid: 0, mtime: 0, size }, blob.bytes());
  }
  yield endOfArchive();
}
