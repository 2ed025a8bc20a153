// A folder of the host as a file system of the container.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { diskBelow } from '../../host/disks.js';
import { cloneMount } from '../../host/mount-calls.js';
import type { Backend, FilesystemSpec, StorageContext } from '../contract/backend.js';
import type { Source } from '../contract/sources.js';
import { handOver, mappedClone, splitOptions } from './mounting.js';

function openFolder(spec: FilesystemSpec, { sources, shifted }: StorageContext): Source {
  const source = sources.open(spec, shifted);
  if (source.is === 'folder') return source;
  source[Symbol.dispose]();
  throw new EngineError(
    'invalid',
    `${spec.source} is not a directory; use <filesystem type='file'> for an image`,
    { source: spec.source },
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
    using folder = openFolder(spec, context);
    const options = { attributes: attributesOf(spec), mapped: !context.shifted };
    using _tree = await mappedClone(folder.fd, spec.source, context, options);
  },

  async open(spec, context, undo) {
    using folder = openFolder(spec, context);
    context.tell(folder.remarks);
    using tree = cloneMount(folder.fd, spec.source);
    return await handOver(spec, tree, context, undo, attributesOf(spec));
  },

  keeping: () => ({ how: 'a folder of the host: limits are recorded', isWhole: false }),

  disks: ({ source }) => diskBelow(source),
};
