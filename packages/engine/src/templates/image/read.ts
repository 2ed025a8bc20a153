// Reads what an image says of itself, in an OCI layout or in what `docker save` writes, and finds its layers.
// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ByteReader } from '../archive/byte-reader.js';
import { decompress, detectCompression, MAGIC_BYTES, PLAIN_TAR } from '../archive/compression.js';
import { refuse, TemplateError } from '../archive/errors.js';
import type { ImportLimits } from '../archive/limits.js';
import type { Expected } from '../archive/source.js';
import { isZero } from '../archive/tar-header.js';
import { type Blobs, readBlob } from './blobs.js';
import { type ImageConfig, parseConfig } from './config.js';
import { Fields, parseJson } from './json.js';
import { hostMachine } from './machines.js';
import type { LayerBytes } from './merge.js';

/** An image, ready to be merged. */
export interface Image {
  /** Of its manifest, where it has one of its own; else of its configuration. */
  readonly digest: string;
  /** Of its layers as they are stored; 0 where that is not said. */
  readonly sizeBytes: number;
  readonly config: ImageConfig;
  /** From the lowest to the highest. */
  readonly layers: readonly LayerBytes[];
}

/** Where an image is read from, and under which limits. */
export interface Reading {
  readonly blobs: Blobs;
  readonly limits: ImportLimits;
  readonly signal?: AbortSignal | undefined;
}

interface Layer {
  readonly name: string;
  readonly expected: Expected;
}

interface Candidate {
  readonly reference: string;
  readonly descriptor: Fields;
}

/** Indexes of indexes end. */
const DEPTH = 4;
const MANIFESTS = 1024;
const LAYERS = 512;
/** Of many names the first ones are told. */
const TOLD = 8;

/** The image that is asked for by its name, or the only one that this machine runs. */
export async function readImage(reading: Reading, wanted: string | undefined): Promise<Image> {
  if (await reading.blobs.has('index.json')) return ofLayout(reading, wanted);
  return ofDockerArchive(reading, wanted);
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 200));

/** Names as the image has them, which may be many, and of any characters. */
function listed(names: readonly string[]): string {
  const all = [...new Set(names)];
  const told = all.slice(0, TOLD).map((name) => (name === '' ? 'one without a name' : quoted(name)));
  return [...told, ...(all.length > TOLD ? [`${all.length - TOLD} more`] : [])].join(', ') || 'none';
}

function blobName(digest: string): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex === undefined)
    throw refuse('image', `the image has a digest that is no sha256 one: ${quoted(digest)}`);
  return `blobs/sha256/${hex}`;
}

const expectedOf = (descriptor: Fields): { digest: string; sizeBytes: number } => ({
  digest: descriptor.text('digest'),
  sizeBytes: descriptor.size('size'),
});

async function jsonAt({ blobs }: Reading, name: string, expected?: Expected): Promise<unknown> {
  return parseJson(await readBlob(blobs, name, expected), name);
}

async function objectOf(reading: Reading, descriptor: Fields, what: string): Promise<Fields> {
  const expected = expectedOf(descriptor);
  return new Fields(await jsonAt(reading, blobName(expected.digest), expected), what);
}

async function ofLayout(reading: Reading, wanted: string | undefined): Promise<Image> {
  const index = new Fields(await jsonAt(reading, 'index.json'), 'index.json');
  const { descriptor } = chosen(await candidatesOf(reading, index), wanted);
  const manifest = await objectOf(reading, descriptor, 'the manifest');
  const config = parseConfig(await objectOf(reading, manifest.object('config'), 'the configuration'));
  const layers = manifest.objects('layers').map((layer): Layer => {
    const expected = expectedOf(layer);
    return { name: blobName(expected.digest), expected };
  });
  const sizeBytes = layers.reduce((sum, { expected }) => sum + (expected.sizeBytes ?? 0), 0);
  return { digest: descriptor.text('digest'), sizeBytes, config, layers: layersOf(reading, layers, config) };
}

/** All manifests that an index leads to, but for what only tells of others. */
async function candidatesOf(reading: Reading, top: Fields): Promise<Candidate[]> {
  const found: Candidate[] = [];
  let seen = 0;
  const gather = async (index: Fields, name: string, depth: number): Promise<void> => {
    if (depth === 0) throw refuse('image', `the image's indexes are more than ${DEPTH} deep`);
    for (const descriptor of index.objects('manifests')) {
      // An index that is named again and again leads to as many more each time.
      if (++seen > MANIFESTS)
        throw refuse('limit', `the image's indexes name more than ${MANIFESTS} manifests`);
      const notes = descriptor.object('annotations');
      if (notes.has('vnd.docker.reference.type')) continue;
      const own =
        notes.textOr('io.containerd.image.name') || notes.textOr('org.opencontainers.image.ref.name');
      const reference = own || name;
      if (/index|manifest\.list/.test(descriptor.textOr('mediaType')))
        await gather(await objectOf(reading, descriptor, 'an index'), reference, depth - 1);
      else found.push({ reference, descriptor });
    }
  };
  await gather(top, '', DEPTH);
  return found;
}

const platformOf = ({ descriptor }: Candidate): string | undefined => {
  if (!descriptor.has('platform')) return undefined;
  const platform = descriptor.object('platform');
  return `${platform.textOr('os')}/${platform.textOr('architecture')}`;
};

/** `latest` and `nginx:latest` mean the same image, as far as there is only one. */
const isNamed = (reference: string, wanted: string): boolean =>
  reference === wanted || reference.endsWith(`/${wanted}`) || reference.endsWith(`:${wanted}`);

function chosen(all: readonly Candidate[], wanted: string | undefined): Candidate {
  const named = wanted === undefined ? all : all.filter(({ reference }) => isNamed(reference, wanted));
  const known = listed(all.map(({ reference }) => reference));
  if (named.length === 0)
    throw refuse(
      'image',
      wanted === undefined
        ? 'there is no image in it'
        : `there is no image ${quoted(wanted)} in it: there is ${known}`,
    );
  const here = `linux/${hostMachine()}`;
  const fit = named.filter((one) => [here, undefined].includes(platformOf(one)));
  const [first, ...others] = fit;
  if (first === undefined)
    throw new TemplateError(
      'unsupported',
      `the image is for ${listed(named.map((one) => platformOf(one) ?? ''))}, and this machine is ${here}`,
      { reason: 'image' },
    );
  if (others.length > 0)
    throw refuse('image', `there are several images in it, of which one has to be named: ${known}`);
  return first;
}

async function ofDockerArchive(reading: Reading, wanted: string | undefined): Promise<Image> {
  const all = new Fields({ images: await jsonAt(reading, 'manifest.json') }, 'manifest.json').objects(
    'images',
  );
  const candidates = all.map((entry) => ({ entry, names: entry.texts('RepoTags') }));
  const known = listed(candidates.flatMap(({ names }) => (names.length > 0 ? names : [''])));
  const named = candidates.filter(
    ({ names }) => wanted === undefined || names.some((name) => isNamed(name, wanted)),
  );
  const [first, ...others] = named;
  if (first === undefined || others.length > 0)
    throw refuse('image', `one image of the archive has to be named: there is ${known}`);
  const name = first.entry.text('Config');
  const bytes = await readBlob(reading.blobs, name);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const [hex] = /[0-9a-f]{64}/.exec(name) ?? [];
  if (hex !== undefined && digest !== `sha256:${hex}`)
    throw refuse('digest', `the configuration of the image is not what its name ${quoted(name)} says`);
  const config = parseConfig(new Fields(parseJson(bytes, 'the configuration'), 'the configuration'));
  const layers = first.entry.texts('Layers').map((layer): Layer => ({ name: layer, expected: {} }));
  return { digest, sizeBytes: 0, config, layers: layersOf(reading, layers, config) };
}

function layersOf(reading: Reading, layers: readonly Layer[], { diffIds }: ImageConfig): LayerBytes[] {
  if (layers.length !== diffIds.length || layers.length === 0 || layers.length > LAYERS)
    throw refuse(
      'image',
      `the image has ${layers.length} layers and digests of ${diffIds.length}: from 1 to ${LAYERS} are taken, each with its own`,
    );
  return layers.map(
    (layer, at): LayerBytes =>
      () =>
        layerBytes(reading, layer, diffIds[at] ?? ''),
  );
}

/** Unpacked; held to both digests, that of the blob and that of its contents. */
async function* layerBytes(
  { blobs, limits, signal }: Reading,
  { name, expected }: Layer,
  diffId: string,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(blobs.chunks(name, expected));
  const hash = createHash('sha256');
  try {
    const head = await reader.peek(MAGIC_BYTES);
    // A layer that changes nothing is an archive without members.
    const isEmpty = head.length > 0 && isZero(head);
    const compression = isEmpty ? PLAIN_TAR : detectCompression(head);
    for await (const chunk of decompress(reader.rest(), compression, limits, signal)) {
      hash.update(chunk);
      yield chunk;
    }
  } finally {
    // What is no archive is never read to its end.
    await reader.close();
  }
  if (`sha256:${hash.digest('hex')}` !== diffId)
    throw refuse(
      'digest',
      `the contents of the layer ${quoted(name)} are not what the image's configuration says`,
    );
}
