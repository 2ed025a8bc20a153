// A folder of the host as a file system of the container.
// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.js';
import { type Backend, rootOwner } from './backend.js';
import { attachMapped, mountPoint, splitOptions } from './mounting.js';

export const mount: Backend = {
  limits: false,

  async check(spec) {
    const found = await stat(spec.source).catch((cause: unknown) => {
      throw new EngineError(
        'not-found',
        `there is no directory ${spec.source} on this host`,
        { source: spec.source },
        { cause },
      );
    });
    if (!found.isDirectory())
      throw new EngineError(
        'invalid',
        `${spec.source} is not a directory; use <filesystem type='file'> for an image`,
        { source: spec.source },
      );
  },

  async open(spec, context, undo) {
    await mount.check(spec, context);
    const { attributes, data } = splitOptions(spec);
    if (data !== '')
      throw new EngineError(
        'unsupported',
        `a directory has no mount option '${data}': ro, nosuid, nodev, noexec and noatime are known here`,
        { options: spec.options },
      );
    const target = mountPoint(spec, context, 'root', undo);
    await attachMapped(spec.source, target, context, { attributes, mapped: !context.shifted });
    return { path: target, unmapped: spec.source, owner: rootOwner(context, context.shifted) };
  },
};
