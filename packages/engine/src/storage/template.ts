// A file system made from a template: its unpacked tree below, id-mapped and read-only, the container's own layer above.
// SPDX-License-Identifier: Apache-2.0
import { diskBelow } from '../host/disks.js';
import { MountAttr, MountFlag, mountNow } from '../host/syscalls.js';
import { type Backend, rootOwner } from './backend.js';
import { attachMapped, mountPoint, splitOptions } from './mounting.js';
import { createUpper, openUpper, relimitUpper, upperDisks, upperKeeping } from './upper.js';

export const template: Backend = {
  limits: true,

  async check(spec, context) {
    context.templatePath(spec.source);
  },

  async create(spec, context) {
    await createUpper(spec, context, context.templatePath(spec.source));
  },

  async open(spec, context, undo) {
    const { upper, work, settle } = await openUpper(spec, context, undo);
    const lower = mountPoint(spec, context, 'lower', undo);
    await attachMapped(context.templatePath(spec.source), lower, context, {
      attributes: MountAttr.readOnly | MountAttr.noDev,
      mapped: true,
    });
    const merged = mountPoint(spec, context, 'root', undo);
    const { attributes } = splitOptions(spec);
    const flags =
      MountFlag.noDev |
      (attributes & MountAttr.readOnly ? MountFlag.readOnly : 0) |
      (attributes & MountAttr.noSuid ? MountFlag.noSuid : 0) |
      (attributes & MountAttr.noExec ? MountFlag.noExec : 0);
    const data = `lowerdir=${escapeOption(lower)},upperdir=${escapeOption(upper)},workdir=${escapeOption(work)}`;
    mountNow('overlay', merged, 'overlay', flags, data);
    return {
      path: merged,
      unmapped: merged,
      owner: rootOwner(context, true),
      ...(settle !== undefined && { settle }),
    };
  },

  relimit: relimitUpper,
  keeping: upperKeeping,

  disks: (spec, context) => [...diskBelow(context.templatePath(spec.source)), ...upperDisks(spec, context)],
};

/** overlay takes `:` and `,` in its options for separators. */
function escapeOption(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
