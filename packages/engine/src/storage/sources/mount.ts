// A folder or a file of the host as a file system of the container.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../../errors.js';
import { diskBelow } from '../../host/disks.js';
import { cloneMount } from '../../host/mount-calls.js';
import type { Backend, FilesystemSpec, StorageContext } from '../contract/backend.js';
import type { Source } from '../contract/sources.js';
import { attributesOf, handOver, mappedClone } from './mounting.js';

/** A file stands for itself in the container, as for libvirt's LXC driver; as its root it would be an image. */
function openShared(spec: FilesystemSpec, { sources, shifted }: StorageContext): Source {
  const source = sources.open(spec, shifted);
  const isRoot = spec.target === '/';
  if (source.is === 'folder' || (source.is === 'file' && !isRoot)) return source;
  source[Symbol.dispose]();
  throw new EngineError(
    'invalid',
    isRoot
      ? `${spec.source} is not a directory; use <filesystem type='file'> for an image`
      : `${spec.source} is neither a directory nor a file`,
    { source: spec.source },
  );
}

const attributes = (spec: FilesystemSpec): number => attributesOf(spec, 'a directory');

export const mount: Backend = {
  limits: false,

  async check(spec, context) {
    using shared = openShared(spec, context);
    const options = { attributes: attributes(spec), mapped: !context.shifted };
    using _tree = await mappedClone(shared.fd, spec.source, context, options);
  },

  async open(spec, context, undo) {
    using shared = openShared(spec, context);
    context.tell(shared.remarks);
    using tree = cloneMount(shared.fd, spec.source);
    return await handOver(spec, tree, context, undo, attributes(spec));
  },

  keeping: () => ({ how: 'a folder of the host: limits are recorded', isWhole: false }),

  disks: ({ source }) => diskBelow(source),
};
