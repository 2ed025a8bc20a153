// <disk>: an image or block device handed to the domain as a disk.
// SPDX-License-Identifier: Apache-2.0
import type { Fields } from '../schema/declaration.js';
import { attribute, child, element, flag, leaf, required, slot, variants } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, oneOf, onOff, pattern, positive32, uint32, yesNo } from '../schema/scalar.js';
import { address, alias } from './device.js';
import { placeOfDisk } from './disk-place.js';
import { iotune } from './iotune.js';

/** Formats of images that libvirt knows. */
const formats = [
  ...[
    'raw',
    'dir',
    'bochs',
    'cloop',
    'dmg',
    'iso',
    'vpc',
    'vdi',
    'fat',
    'vhd',
    'ploop',
    'cow',
    'qcow',
    'qcow2',
  ],
  ...['qed', 'vmdk', 'aio'],
] as const;

const driver = element(
  'driver',
  {
    emptyIsUnset: true,
    doc: 'What serves the disk, and how.',
    example: "<driver type='raw'/>",
    fields: {
      name: attribute(nonEmptyText, { doc: 'Name of the driver.' }),
      type: attribute(oneOf(...formats), { doc: 'Format of the image.' }),
      cache: attribute(oneOf('default', 'none', 'writethrough', 'writeback', 'directsync', 'unsafe'), {
        doc: "How the host's cache is used.",
      }),
      errorPolicy: attribute(oneOf('stop', 'report', 'ignore', 'enospace'), {
        name: 'error_policy',
        doc: 'What follows a failed write.',
      }),
      rerrorPolicy: attribute(oneOf('stop', 'report', 'ignore'), {
        name: 'rerror_policy',
        doc: 'What follows a failed read.',
      }),
      io: attribute(oneOf('threads', 'native', 'io_uring'), { doc: 'How requests reach the host.' }),
      ioeventfd: attribute(onOff, { doc: 'Whether requests are handled apart, for full machines.' }),
      eventIdx: attribute(onOff, { name: 'event_idx', doc: 'Whether there are fewer interrupts.' }),
      copyOnRead: attribute(onOff, {
        name: 'copy_on_read',
        doc: 'Whether what is read goes to the top image.',
      }),
      discard: attribute(oneOf('unmap', 'ignore'), { doc: 'What becomes of requests to discard.' }),
      iothread: attribute(positive32, { doc: 'The I/O thread that serves it.' }),
      detectZeroes: attribute(oneOf('off', 'on', 'unmap'), {
        name: 'detect_zeroes',
        doc: 'Whether writes of zeros are told from others.',
      }),
      queues: attribute(positive32, { doc: 'Number of queues, for full machines.' }),
      queueSize: attribute(positive32, { name: 'queue_size', doc: 'Size of a queue, for full machines.' }),
      iommu: attribute(onOff, { doc: 'Whether an emulated IOMMU is used, for full machines.' }),
      ats: attribute(onOff, { doc: 'Whether addresses are translated by the device, for full machines.' }),
      packed: attribute(onOff, { doc: 'Whether queues are packed, for full machines.' }),
      pagePerVq: attribute(onOff, { name: 'page_per_vq', doc: 'Whether each queue has a page of its own.' }),
    },
  },
  {
    libvirt: (model) => ({
      ...model,
      type: model.type === 'aio' ? 'raw' : model.type,
      cache: model.cache === 'default' ? undefined : model.cache,
    }),
  },
);

const path = (doc: string) => attribute(nonEmptyText, { doc, required: true });

const sourceOf = <const F extends Fields>(doc: string, example: string, fields: F) =>
  element('source', {
    doc,
    example,
    fields: {
      ...fields,
      startupPolicy: attribute(oneOf('mandatory', 'requisite', 'optional'), {
        doc: 'What its absence means at the start.',
      }),
    },
  });
const image = sourceOf('The image file.', "<source file='/srv/data.img'/>", {
  file: path('Path of the image on the host.'),
});
const block = sourceOf('The block device.', "<source dev='/dev/vg/data'/>", {
  dev: path('Path of the device on the host.'),
});
const directory = sourceOf('The directory that is shown as a disk.', "<source dir='/srv/floppy'/>", {
  dir: path('Path of the directory on the host.'),
});
const volume = sourceOf('The volume of a storage pool.', "<source pool='default' volume='data'/>", {
  pool: path('Name of the storage pool.'),
  volume: path('Name of the volume in it.'),
  mode: attribute(oneOf('host', 'direct'), { doc: 'Who connects to an iSCSI volume.' }),
});

const buses = ['ide', 'fdc', 'scsi', 'virtio', 'xen', 'usb', 'uml', 'sata', 'sd'] as const;

const target = element('target', {
  doc: 'Where the disk stands inside the domain.',
  example: "<target dev='vda' bus='virtio'/>",
  fields: {
    dev: attribute(
      pattern('the name of a disk such as vda, sda or hdc', '(ioemu:)?(fd|hd|sd|vd|xvd|ubd)[a-zA-Z0-9_]+', [
        'vda',
        'sdb',
        'hdc',
      ]),
      { doc: 'Its name.', required: true },
    ),
    bus: attribute(oneOf(...buses), { doc: 'Bus it is on; follows from the name.' }),
    tray: attribute(oneOf('open', 'closed'), { doc: 'Whether the tray of a drive is open.' }),
    removable: attribute(onOff, { doc: 'Whether it can be taken out.' }),
    rotationRate: attribute(uint32, { name: 'rotation_rate', doc: 'Turns a minute; 1 has none.' }),
  },
});

const geometry = element('geometry', {
  doc: 'Cylinders, heads and sectors, for full machines.',
  fields: {
    cyls: attribute(uint32, { doc: 'Cylinders.', required: true }),
    heads: attribute(uint32, { doc: 'Heads.', required: true }),
    secs: attribute(uint32, { doc: 'Sectors of a track.', required: true }),
    trans: attribute(oneOf('auto', 'none', 'lba'), { doc: 'How the BIOS counts them.' }),
  },
});
const blockio = element('blockio', {
  doc: 'Sizes of blocks that the disk reports.',
  fields: {
    logicalBlockSize: attribute(uint32, { name: 'logical_block_size', doc: 'Bytes that can be addressed.' }),
    physicalBlockSize: attribute(uint32, { name: 'physical_block_size', doc: 'Bytes written at once.' }),
  },
});
const transient = element(
  'transient',
  {
    doc: 'Changes are thrown away when the domain stops.',
    fields: { shareBacking: attribute(yesNo, { doc: 'Whether several domains share what lies beneath.' }) },
  },
  { libvirt: ({ shareBacking }) => ({ shareBacking: shareBacking === true ? true : undefined }) },
);
const boot = element('boot', {
  doc: 'Place in the order of boot devices, for full machines.',
  fields: { order: attribute(positive32, { doc: 'The place, counted from 1.', required: true }) },
});

/** Its `type` says what its source is. */
export const disk = variants(
  'disk',
  {
    doc: 'An image or block device that the domain has as a disk.',
    example:
      "<disk type='block' device='disk'>\n  <source dev='/dev/vg/data'/>\n  <target dev='vda' bus='virtio'/>\n</disk>",
    fields: {
      type: slot,
      device: attribute(oneOf('disk', 'cdrom', 'floppy', 'lun'), {
        doc: 'What it is to the domain.',
        fallback: 'disk',
      }),
      model: attribute(oneOf('virtio', 'virtio-transitional', 'virtio-non-transitional'), {
        doc: 'Model of the device, for full machines.',
      }),
      rawio: attribute(yesNo, { doc: 'Whether raw requests may be sent; for a lun.' }),
      sgio: attribute(oneOf('filtered', 'unfiltered'), {
        doc: 'Whether SCSI commands are filtered; for a lun.',
      }),
      snapshot: attribute(oneOf('no', 'internal', 'external', 'manual'), {
        doc: 'What a snapshot of the domain does with it.',
      }),
      driver: child(driver),
      source: slot,
      geometry: child(geometry),
      blockio: child(blockio),
      target: required(target),
      iotune: child(iotune),
      readonly: flag('readonly', { doc: 'The domain cannot write to it.' }),
      shareable: flag('shareable', { doc: 'Several domains use it at once.' }),
      transient: child(transient),
      serial: leaf('serial', nonEmptyText, { doc: 'Serial number the domain sees.' }),
      wwn: leaf('wwn', pattern('16 hexadecimal digits', '[0-9a-fA-F]{16}', ['5000c50015ea71ad']), {
        doc: 'World wide name.',
      }),
      vendor: leaf('vendor', nonEmptyText, { doc: 'Vendor the domain sees.' }),
      product: leaf('product', nonEmptyText, { doc: 'Product the domain sees.' }),
      boot: child(boot),
      alias: child(alias),
      address: child(address),
    },
    choice: {
      by: 'type',
      doc: 'What the disk is made of.',
      fallback: 'file',
      variants: {
        file: { doc: 'An image file.', fields: { source: child(image) } },
        block: { doc: 'A block device.', fields: { source: child(block) } },
        dir: { doc: 'A directory.', fields: { source: child(directory) } },
        volume: { doc: 'A volume of a storage pool.', fields: { source: child(volume) } },
      },
    },
  },
  {
    libvirt(model) {
      const { bus, place } = placeOfDisk(model.target);
      const isReadonly = model.device === 'cdrom' || model.readonly;
      const drive = { type: 'drive', controller: '0', bus: '0', target: '0', unit: '0' };
      return {
        ...model,
        snapshot: model.snapshot === 'no' && isReadonly ? undefined : model.snapshot,
        readonly: isReadonly,
        target: {
          ...model.target,
          bus,
          tray: model.target.tray === 'closed' ? undefined : model.target.tray,
        },
        address:
          model.address?.type === 'drive'
            ? { ...drive, ...model.address }
            : (model.address ?? (place === undefined ? undefined : { ...drive, ...place })),
      };
    },
    check(model, report) {
      const { device, source } = model;
      const isDrive = device === 'cdrom' || device === 'floppy';
      if (source === undefined && !isDrive)
        report.error('missing-source', [], '<disk> needs <source>', { expected: '<source>' });
      if (source?.startupPolicy === 'requisite' && !isDrive)
        report.error('conflict', ['source', 'startupPolicy'], "'requisite' is only for a cdrom or floppy", {
          found: device,
        });
      if (device !== 'lun' && /^(?:ioemu:)?fd/.test(model.target.dev) !== (device === 'floppy'))
        report.error(
          'conflict',
          ['target', 'dev'],
          'the names of floppies, and of nothing else, begin with fd',
          {
            found: model.target.dev,
          },
        );
      if (model.target.tray !== undefined && !isDrive)
        report.error('conflict', ['target', 'tray'], 'only a drive (cdrom or floppy) has a tray');
      for (const key of ['rawio', 'sgio'] as const)
        if (model[key] !== undefined && device !== 'lun')
          report.error('conflict', [key], `'${key}' is only for device='lun'`, { found: device });
    },
  },
);

/** A disk by its type; `target.dev` is its name, from which its bus follows where it says none. */
export type Disk = Infer<typeof disk>;
