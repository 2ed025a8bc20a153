// <blkiotune>: weights and limits of block I/O, overall and by device.
// SPDX-License-Identifier: Apache-2.0
import { element, leaf, many } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count, nonEmptyText, uint32 } from '../schema/scalar.js';

const device = element('device', {
  doc: 'Weight and limits on one device.',
  since: '0.9.8',
  fields: {
    path: leaf('path', nonEmptyText, { doc: 'Path of the device on the host.', required: true }),
    weight: leaf('weight', uint32, {
      doc: 'Weight against others, 10 to 1000; who says nothing has 100.',
      zeroIsUnset: true,
    }),
    readIopsSec: leaf('read_iops_sec', uint32, { doc: 'Reads a second.', since: '1.2.2', zeroIsUnset: true }),
    writeIopsSec: leaf('write_iops_sec', uint32, {
      doc: 'Writes a second.',
      since: '1.2.2',
      zeroIsUnset: true,
    }),
    readBytesSec: leaf('read_bytes_sec', count, {
      doc: 'Bytes read a second.',
      since: '1.2.2',
      zeroIsUnset: true,
    }),
    writeBytesSec: leaf('write_bytes_sec', count, {
      doc: 'Bytes written a second.',
      since: '1.2.2',
      zeroIsUnset: true,
    }),
  },
});

/** What the kernel takes of weights, whichever of its schedulers has them. */
export const weightRange = { least: 10, most: 1000 } as const;

/** Weights are 10 to 1000, limits are bytes or requests a second; libvirt takes 0 for unsaid. */
export const blkiotune = element(
  'blkiotune',
  {
    doc: 'Shares and limits of block I/O.',
    since: '0.8.8',
    emptyIsUnset: true,
    example: '<blkiotune>\n  <weight>500</weight>\n</blkiotune>',
    fields: {
      weight: leaf('weight', uint32, {
        doc: 'Weight against others, 10 to 1000; who says nothing has 100.',
        zeroIsUnset: true,
      }),
      devices: many(device),
    },
  },
  {
    libvirt: ({ devices, ...model }) => {
      const limiting = devices?.filter(({ path: _, extras: __, ...limits }) =>
        Object.values(limits).some((limit) => (limit ?? 0) > 0),
      );
      return { ...model, devices: limiting?.length === 0 ? undefined : limiting };
    },
    check(model, report) {
      const weights = [
        [['weight'], model.weight],
        ...(model.devices ?? []).map(({ weight }, index) => [['devices', index, 'weight'], weight] as const),
      ] as const;
      for (const [path, weight = 0] of weights)
        if (weight !== 0 && (weight < weightRange.least || weight > weightRange.most))
          report.warning('out-of-range', path, 'the kernel has no such weight, and takes its nearest', {
            found: String(weight),
            expected: `${weightRange.least} to ${weightRange.most}`,
          });
      const paths = (model.devices ?? []).map(({ path }) => path);
      paths.forEach((path, index) => {
        if (paths.indexOf(path) < index)
          report.error('duplicate-target', ['devices', index, 'path'], `a second rule for ${path}`, {
            found: path,
          });
      });
    },
  },
);

/** A weight over all, and weights and limits by the path of a device on the host. */
export type Blkiotune = Infer<typeof blkiotune>;
