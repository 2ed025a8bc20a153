// A file system made from a template: its unpacked tree below, id-mapped and read-only, the container's own layer above.
// SPDX-License-Identifier: Apache-2.0
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { EngineError, isFault } from '../../errors.js';
import { diskBelow } from '../../host/disks.js';
import { attachMount, MountAttr, mountNow } from '../../host/mount-calls.js';
import {
  type Backend,
  type FilesystemSpec,
  type KeptContext,
  type OpenContext,
  rootOwner,
} from '../contract/backend.js';
import { overlayOptions } from '../contract/overlay.js';
import { copyLayer, createLayer, layerAt } from '../layers/index.js';
import type { Layer, OpenLayer, Place } from '../layers/layer.js';
import { attributesOf, flagsOf, mappedClone } from './mounting.js';

const O_PATH = 0o10000000;

export const template: Backend = {
  limits: true,

  async check(spec, context) {
    attributesOf(spec, 'a template');
    context.templatePath(spec.source);
  },

  async create(spec, context) {
    await createLayer(layerOf(spec, context), placeOf(spec, context), {
      model: context.templatePath(spec.source),
      map: context.map,
      limit: spec.limit,
      projectIds: context.projectIds,
      pool: context.pool,
    });
  },

  async open(spec, context, undo) {
    const path = context.templatePath(spec.source);
    const below = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    undo.push(() => closeSync(below));
    using lower = await mappedClone(below, path, context, {
      attributes: MountAttr.readOnly | MountAttr.noDev,
      mapped: context.forHost === undefined,
    });
    const layer = await layerOf(spec, context).open(placeOf(spec, context), {
      ...context,
      limit: spec.limit,
    });
    const flags = flagsOf(attributesOf(spec, 'a template'));
    const { mounts } = context;
    const opened = mounts.within(() => {
      // overlay takes names, and of no mount but those of its namespace. The container reads them in its /proc/self/mounts: they
      // begin where all the start's mounts are, and tell nothing of the host.
      const lowerName = `lower-${spec.key}`;
      attachMount(lower, mounts.folderFor(lowerName));
      const target = mounts.folderFor(`root-${spec.key}`);
      // Of a layer on a disk that went read-only overlay would say no more than that something is wrong.
      accessSync(layer.upper, constants.W_OK);
      const data = [
        `lowerdir=${escapeOption(lowerName)}`,
        `upperdir=${escapeOption(layer.upper)}`,
        `workdir=${escapeOption(layer.work)}`,
        ...overlayOptions,
      ];
      try {
        mountNow('overlay', target, 'overlay', flags, data.join());
      } catch (error) {
        throw spec.limit !== undefined && isFault(error, 'no-space') ? full(spec.target) : error;
      }
      return { path: target, root: openSync(target, O_PATH) };
    });
    undo.push(() => closeSync(opened.root));
    context.furnish(spec, { root: opened.root, owner: rootOwner(context, true), model: below });
    // Once all that a start itself writes is there.
    await settle(spec, context, layer);
    return opened;
  },

  async openLayer(spec, context) {
    const place = placeOf(spec, context);
    const layer = await layerOf(spec, context).open(place, { ...context, limit: spec.limit });
    return { path: layer.upper, settle: () => settle(spec, context, layer) };
  },

  async relimit(spec, context) {
    await layerOf(spec, context).relimit?.(placeOf(spec, context), spec.limit, context);
  },

  keeping: (spec, context) => layerOf(spec, context).keeping(placeOf(spec, context)),

  copies: {
    copy: (spec, context) =>
      copyLayer(
        layerOf(spec, context),
        placeOf(spec, context),
        { folder: context.to, key: spec.key },
        context,
      ),
    letGo: async (spec, context) =>
      (await layerOf(spec, context).letGo?.(placeOf(spec, context), context.mounts)) ?? false,
    look: (spec, context) =>
      layerOf(spec, context).look(placeOf(spec, context), {
        mounts: context.mounts,
        as: `${context.as}-${spec.key}`,
      }),
    tree: (spec, context) => layerOf(spec, context).tree?.(placeOf(spec, context)),
    occupied: (spec, context) => layerOf(spec, context).occupied(placeOf(spec, context)),
  },

  streams(spec, context) {
    const place = placeOf(spec, context);
    return place.ids === 'container' ? layerOf(spec, context).streams?.(place) : undefined;
  },

  own(spec, context) {
    const [layer, place] = [layerOf(spec, context), placeOf(spec, context)];
    const { freeze, trim } = layer;
    if (freeze === undefined || trim === undefined) return undefined;
    return {
      freeze: (freezing, work) => freeze.call(layer, place, freezing, work),
      trim: (trimming) => trim.call(layer, place, trimming),
    };
  },

  disks: (spec, context) => [
    ...diskBelow(context.templatePath(spec.source)),
    ...layerOf(spec, context).disks(placeOf(spec, context)),
  ],
};

function placeOf({ key, target }: FilesystemSpec, { keep, layerOf: said }: KeptContext): Place {
  const words = said(target);
  return { folder: keep, key, ids: words && (words.ids ?? 'host') };
}

const layerOf = (spec: FilesystemSpec, context: KeptContext): Layer =>
  layerAt(placeOf(spec, context), context.layerOf(spec.target)?.layer);

/** The limit in force from the start's last moment on, which a grace that is over has made the soft one. */
async function settle(spec: FilesystemSpec, context: OpenContext, layer: OpenLayer): Promise<void> {
  const inForce = context.limitOf(spec);
  try {
    await layer.settle?.(inForce);
  } catch (error) {
    if (inForce === spec.limit) throw error;
    // Who looks at soft limits comes by once it runs, and tells why it cannot be had.
    await layer.settle?.(spec.limit);
  }
}

const full = (target: string): EngineError =>
  new EngineError(
    'no-space',
    `the domain's own disk for '${target}' is full, to its last block or inode, so that it cannot be mounted: give it more, with ctvirt set --diskspace (which brings inodes, too)`,
    { target },
  );

/** overlay takes `:` and `,` in its options for separators. */
function escapeOption(path: string): string {
  return path.replace(/[\\:,]/g, '\\$&');
}
