// <filesystem>: what a container's root and its other mounts are made of.
// SPDX-License-Identifier: Apache-2.0
import type { Fields, LegacyForm } from '../schema/declaration.js';
import {
  attribute,
  child,
  element,
  flag,
  many,
  required,
  size,
  sizeAttribute,
  slot,
  text,
  variants,
} from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { fileMode, nonEmptyText, oneOf } from '../schema/scalar.js';
import { address, alias } from './device.js';
import { legacyQuota, quota } from './quota.js';

const driver = element(
  'driver',
  {
    emptyIsUnset: true,
    doc: 'How the source is made a file system.',
    since: '0.9.7',
    example: "<driver type='loop' format='raw'/>",
    fields: {
      type: attribute(oneOf('path', 'handle', 'loop', 'nbd', 'ploop', 'virtiofs', 'mtp'), {
        doc: 'What serves the source: a loop device for raw images, nbd for others, ploop for those of OpenVZ.',
      }),
      format: attribute(nonEmptyText, { doc: 'Format of an image: raw, qcow2, ploop, …' }),
      wrpolicy: attribute(oneOf('default', 'immediate'), {
        doc: 'Whether writes go to the host at once.',
        since: '0.9.10',
      }),
      name: attribute(nonEmptyText, { doc: 'Name of the driver, as old documents give it.' }),
    },
  },
  { libvirt: (model) => (model.wrpolicy === 'default' ? { ...model, wrpolicy: undefined } : model) },
);

const options = attribute(nonEmptyText, {
  doc: 'Mount options in the container, separated by commas: ro, nosuid, nodev, noexec, noatime, nodiratime, strictatime; with ram also mode=, uid=, gid=, nr_inodes=; with file and block those of the file system besides. On the host they change nothing.',
  since: 'ctvirt',
});

const sourceOf = <const F extends Fields>(doc: string, example: string, fields: F) =>
  element('source', { doc, example, fields: { ...fields, options } });

const path = (doc: string) => attribute(nonEmptyText, { doc, required: true });

const directory = sourceOf(
  'The directory that is mounted.',
  "<source dir='/srv/web' options='nosuid,nodev'/>",
  {
    dir: path(
      'Path on the host; with type bind, path inside the container. One file stands in the place of a file.',
    ),
  },
);
const templateSource = sourceOf('The template the root is made from.', "<source name='fedora9web'/>", {
  name: path('Name of the template.'),
});
const image = sourceOf('The image file that is mounted.', "<source file='/srv/web.img'/>", {
  file: path('Path of the image on the host.'),
});
const block = sourceOf('The block device that is mounted.', "<source dev='/dev/vg/web'/>", {
  dev: path('Path of the device on the host.'),
});
const memory = sourceOf('The size of a file system in memory.', "<source usage='65536' units='KiB'/>", {
  usageKiB: sizeAttribute('usage', {
    doc: 'Its size; a number without units counts KiB.',
    unitAttribute: 'units',
    defaultUnit: 'KiB',
    unit: 'KiB',
    required: true,
  }),
});
const volume = sourceOf('The volume that is mounted.', "<source pool='default' volume='web'/>", {
  pool: path('Name of the storage pool.'),
  volume: path('Name of the volume in it.'),
});
const dataset = sourceOf('The ZFS dataset that is handed over.', "<source name='export/foo'/>", {
  name: path('Name of the dataset; not a path.'),
});

const target = element('target', {
  doc: 'Where the file system stands inside the container.',
  example: "<target dir='/'/>",
  fields: { dir: path('Path inside the container; / for its root.') },
});

/** Its `type` says what its source is; space limits are in bytes. */
export const filesystem = variants(
  'filesystem',
  {
    doc: "A file system of the container: its root, whose target is '/', or a mount besides.",
    example:
      "<filesystem type='mount' accessmode='passthrough'>\n  <source dir='/srv/web'/>\n  <target dir='/'/>\n</filesystem>",
    fields: {
      type: slot,
      accessmode: attribute(oneOf('passthrough', 'mapped', 'squash'), {
        doc: 'Whose rights count when files are reached.',
        since: '0.8.5',
        fallback: 'passthrough',
      }),
      model: attribute(oneOf('virtio', 'virtio-transitional', 'virtio-non-transitional'), {
        doc: 'Model of the device, for full machines.',
        since: '5.2.0',
      }),
      multidevs: attribute(oneOf('default', 'remap', 'forbid', 'warn'), {
        doc: 'What happens to files of several devices under one source, for full machines.',
      }),
      fmode: attribute(fileMode, {
        doc: 'Mode of files made through a mapped file system.',
        since: '6.10.0',
      }),
      dmode: attribute(fileMode, {
        doc: 'Mode of directories made through a mapped file system.',
        since: '6.10.0',
      }),
      driver: child(driver),
      source: slot,
      target: required(target),
      readonly: flag('readonly', { doc: 'The container cannot write to it.' }),
      alias: child(alias),
      address: child(address),
      spaceHardLimitBytes: size('space_hard_limit', {
        doc: 'Size that cannot be passed.',
        since: '0.9.13',
        unit: 'bytes',
        defaultUnit: 'bytes',
        zeroIsUnset: true,
      }),
      spaceSoftLimitBytes: size('space_soft_limit', {
        doc: 'Size that may be passed for a while.',
        since: '0.9.13',
        unit: 'bytes',
        defaultUnit: 'bytes',
        zeroIsUnset: true,
      }),
      quotas: many(quota),
    },
    choice: {
      by: 'type',
      doc: 'What the file system is made of.',
      fallback: 'mount',
      variants: {
        mount: { doc: 'A directory of the host.', fields: { source: required(directory) } },
        template: {
          doc: 'A canned file system, unpacked for each container.',
          fields: { source: required(templateSource) },
        },
        file: { doc: 'An image file holding a file system.', fields: { source: required(image) } },
        block: { doc: 'A block device holding a file system.', fields: { source: required(block) } },
        ram: { doc: 'Memory.', fields: { source: required(memory) } },
        bind: {
          doc: 'A directory of the container, mounted elsewhere in it.',
          fields: { source: required(directory) },
        },
        volume: { doc: 'A volume of a storage pool.', fields: { source: required(volume) } },
        dataset: {
          doc: 'A ZFS dataset the container may administer; it has no target.',
          fields: { source: required(dataset), target: child(target) },
        },
      },
    },
    legacy: [
      {
        element: element('template', {
          doc: 'The template of the 2007 proposal, named by its text.',
          fields: { name: text(nonEmptyText, { doc: 'Name of the template.' }) },
        }),
        implies: { insteadOf: 'source', variant: 'template' },
        rewrite(node, parent) {
          parent.setAttribute('type', 'template');
          parent.replaceChild(node, node.makeUp('source', { name: node.text.trim() }));
        },
      },
      legacyQuota,
    ],
  },
  {
    libvirt: (model) => (model.multidevs === 'default' ? { ...model, multidevs: undefined } : model),
    check(model, report) {
      const { spaceHardLimitBytes: hard, spaceSoftLimitBytes: soft, target: place } = model;
      if (hard !== undefined && soft !== undefined && soft > hard)
        report.error('soft-over-hard', ['spaceSoftLimitBytes'], 'the soft limit is above the hard limit', {
          found: String(soft),
          expected: `at most ${hard}`,
        });
      if (model.type === 'dataset' && place !== undefined)
        report.error('conflict', ['target'], 'a dataset is handed over as a whole and has no target');
    },
  },
);

/** A file system at the document's top level, as the 2007 proposal has it; without a target it is the root. */
export const topLevelFilesystem: LegacyForm = {
  element: filesystem,
  moves: true,
  mayLack: ['target'],
  rewrite(node, parent) {
    parent.replaceChild(node);
    if (node.child('target') === undefined) node.append(node.makeUp('target', { dir: '/' }));
    let devices = parent.child('devices');
    if (devices === undefined) {
      devices = node.makeUp('devices');
      parent.append(devices);
    }
    devices.append(node);
  },
};

/** A file system by its type; it is the root where `isRoot` says so. */
export type Filesystem = Infer<typeof filesystem>;
/** What the source is: a directory of the host (`mount`), an image (`file`), memory (`ram`) and others. */
export type FilesystemType = Filesystem['type'];
