// Volumes that clients make, copy, upload and download.
// SPDX-License-Identifier: Apache-2.0
import { pipeline } from 'node:stream/promises';
import { EngineError, type NewVolume } from '@ctvirt/engine';
import { RpcError, type ServerStream } from '@ctvirt/rpc';
import { parseDocument } from '@ctvirt/xml';
import { toStorageError } from '../../errors.js';
import type { Bind, Binding } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { givenPermissions } from './pool-definition.js';
import { findPool, type Pool, poolsOf, type Volume } from './pools.js';
import { toWireVolume, volumeOf } from './volumes.js';

/** virStorageVolCreateFlags: blocks are shared anyway where they can be. */
const createFlags = { shareBlocks: 2, validate: 4 } as const;

/** What a client's document of a volume asks for. */
function readVolume(xml: string, flags: number): NewVolume {
  const { model, findings } = parseDocument('volume', xml, { strict: (flags & createFlags.validate) !== 0 });
  const fault = findings.find(({ severity }) => severity === 'error');
  if (model === undefined) throw refusal('xmlError', 'storage', fault?.message ?? 'no volume');
  const { name, type, capacityBytes = 0, target } = model;
  const format = target?.format?.type ?? 'raw';
  return {
    ...{ name, ...givenPermissions(target?.permissions) },
    isFolder: type === 'dir' || format === 'dir',
    capacity: capacityBytes,
  };
}

async function refuseTaken(pool: Pool, wanted: string): Promise<void> {
  if ((await pool.volume(wanted)) !== undefined)
    throw refusal('storageVolExist', 'storage', `storage volume '${wanted}' exists already`);
}

const madeIn = async (pool: Pool, name: string, binding: Binding) => ({
  vol: toWireVolume(await volumeOf(binding, { pool: pool.name, name })),
});

/** Of what went wrong after the stream was opened, which ends it. */
function fail(stream: ServerStream, error: unknown): void {
  if (stream.destroyed) return;
  if (error instanceof EngineError) stream.destroy(toStorageError(error));
  else
    stream.destroy(
      error instanceof RpcError ? error : refusal('internalError', 'storage', 'the stream broke'),
    );
}

/** What comes. Whoever stops reading, or reads it to its end, does not end it: that says that all of it is written, or why not. */
async function* received(stream: ServerStream): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) yield chunk;
}

const unreadable = ({ name }: Volume, what: string) =>
  refusal('operationUnsupported', 'storage', `volume '${name}' is ${what}`);

const range = (args: { readonly offset: bigint; readonly length: bigint }) => ({
  offset: Number(args.offset),
  length: Number(args.length),
});

/** Of a copy its format is the other's. */
function refuseForm(xml: string): void {
  const { model } = parseDocument('volume', xml);
  const { type: format = 'raw' } = model?.target?.format ?? {};
  if (model?.backingStore === undefined && ['raw', 'dir'].includes(format)) return;
  throw refusal(
    'operationUnsupported',
    'storage',
    `volumes are plain files (raw) and folders (dir), above nothing: not ${model?.backingStore === undefined ? format : 'one with a backing store'}`,
  );
}

/** virStorageVolResizeFlags. */
const resizeFlags = { delta: 2, shrink: 4 } as const;

/** What the pools have no use for is refused by name. */
export const bindVolumeChanges: Bind = (binding) => ({
  async storageVolCreateXml({ pool: { uuid }, xml, flags }, { name }) {
    checkFlags(flags, createFlags.validate, name);
    const pool = findPool(poolsOf(binding), { uuid });
    const wanted = readVolume(xml, flags);
    if (pool.make === undefined)
      throw refusal('operationUnsupported', 'storage', `storage pool '${pool.name}': ${pool.made}`);
    refuseForm(xml);
    await refuseTaken(pool, wanted.name);
    await pool.make(wanted);
    return await madeIn(pool, wanted.name, binding);
  },
  async storageVolCreateXmlFrom({ pool: { uuid }, xml, clonevol, flags }, { name }) {
    checkFlags(flags, createFlags.shareBlocks | createFlags.validate, name);
    const pool = findPool(poolsOf(binding), { uuid });
    const wanted = readVolume(xml, flags);
    const from = await volumeOf(binding, clonevol);
    await refuseTaken(pool, wanted.name);
    await pool.copy(from, wanted.name);
    return await madeIn(pool, wanted.name, binding);
  },
  async storageVolResize({ vol, capacity, flags }, { name }) {
    checkFlags(flags, resizeFlags.delta | resizeFlags.shrink, name);
    const volume = await volumeOf(binding, vol);
    if (volume.resize === undefined) throw unreadable(volume, 'no file that could be longer or shorter');
    const { capacity: before, allocation } = await volume.size();
    const isLess = (flags & resizeFlags.shrink) !== 0;
    const isDelta = (flags & resizeFlags.delta) !== 0;
    const wanted = isDelta ? Math.max(0, before + Number(capacity) * (isLess ? -1 : 1)) : Number(capacity);
    if (wanted < before && wanted < allocation)
      throw refusal('invalidArg', 'storage', "can't shrink capacity below existing allocation");
    if (wanted < before && !isLess)
      throw refusal(
        'invalidArg',
        'storage',
        "Can't shrink capacity below current capacity unless shrink flag explicitly specified",
      );
    await volume.resize(wanted);
  },
  async storageVolDownload({ vol, flags, ...part }, { name, openStream }) {
    checkFlags(flags, 0, name);
    const volume = await volumeOf(binding, vol);
    if (volume.read === undefined) throw unreadable(volume, 'a folder: it is not downloaded');
    const bytes = await volume.read(range(part));
    const stream = openStream();
    pipeline(bytes, stream).catch((error: unknown) => fail(stream, error));
  },
  async storageVolUpload({ vol, flags, ...part }, { name, openStream }) {
    checkFlags(flags, 0, name);
    const volume = await volumeOf(binding, vol);
    const { write } = volume;
    if (write === undefined)
      throw unreadable(
        volume,
        volume.layer === undefined
          ? 'a folder: nothing is uploaded there'
          : `a domain's: upload an archive to pool 'backups', and \`ctvirt import\` makes a domain of it`,
      );
    const stream = openStream({ allowHalfOpen: true });
    write(range(part), received(stream)).then(
      () => stream.end(),
      (error: unknown) => fail(stream, error),
    );
  },
});
