// A folder of the host as a file system of the container.
// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.js';
import { diskBelow } from '../host/disks.js';
import { type Backend, type FilesystemSpec, rootOwner } from './backend.js';
import { attachMapped, mountPoint, splitOptions, tryMapped } from './mounting.js';

async function requireDirectory({ source }: FilesystemSpec): Promise<void> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new EngineError('not-found', `there is no directory ${source} on this host`, { source }, { cause });
  });
  if (!found.isDirectory())
    throw new EngineError(
      'invalid',
      `${source} is not a directory; use <filesystem type='file'> for an image`,
      { source },
    );
}

function attributesOf(spec: FilesystemSpec): number {
  const { attributes, data } = splitOptions(spec);
  if (data !== '')
    throw new EngineError(
      'unsupported',
      `a directory has no mount option '${data}': ro, nosuid, nodev, noexec and noatime are known here`,
      { options: spec.options },
    );
  return attributes;
}

export const mount: Backend = {
  limits: false,

  async check(spec, context) {
    await requireDirectory(spec);
    await tryMapped(spec.source, context, { attributes: attributesOf(spec), mapped: !context.shifted });
  },

  async open(spec, context, undo) {
    await requireDirectory(spec);
    const attributes = attributesOf(spec);
    const target = mountPoint(spec, context, 'root', undo);
    await attachMapped(spec.source, target, context, { attributes, mapped: !context.shifted });
    return { path: target, unmapped: spec.source, owner: rootOwner(context, context.shifted) };
  },

  keeping: () => ({ how: 'a folder of the host: limits are recorded', isWhole: false }),

  disks: ({ source }) => diskBelow(source),
};
