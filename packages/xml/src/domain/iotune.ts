// <iotune>: limits on the requests of one disk.
// SPDX-License-Identifier: Apache-2.0
import { element, leaf } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { count, nonEmptyText } from '../schema/scalar.js';

const rate = (name: string, doc: string) => leaf(name, count, { doc, zeroIsUnset: true });

/** A limit is for both directions together or for each: both is an error; libvirt takes 0 for unsaid. */
export const iotune = element(
  'iotune',
  {
    doc: 'Limits on the requests of the disk.',
    emptyIsUnset: true,
    example: '<iotune>\n  <total_bytes_sec>10000000</total_bytes_sec>\n</iotune>',
    fields: {
      totalBytesSec: rate('total_bytes_sec', 'Bytes a second, both ways together.'),
      readBytesSec: rate('read_bytes_sec', 'Bytes read a second.'),
      writeBytesSec: rate('write_bytes_sec', 'Bytes written a second.'),
      totalIopsSec: rate('total_iops_sec', 'Requests a second, both ways together.'),
      readIopsSec: rate('read_iops_sec', 'Reads a second.'),
      writeIopsSec: rate('write_iops_sec', 'Writes a second.'),
      totalBytesSecMax: rate('total_bytes_sec_max', 'Bytes a second in a burst.'),
      readBytesSecMax: rate('read_bytes_sec_max', 'Bytes read a second in a burst.'),
      writeBytesSecMax: rate('write_bytes_sec_max', 'Bytes written a second in a burst.'),
      totalIopsSecMax: rate('total_iops_sec_max', 'Requests a second in a burst.'),
      readIopsSecMax: rate('read_iops_sec_max', 'Reads a second in a burst.'),
      writeIopsSecMax: rate('write_iops_sec_max', 'Writes a second in a burst.'),
      sizeIopsSec: rate('size_iops_sec', 'Bytes that count as one request.'),
      groupName: leaf('group_name', nonEmptyText, { doc: 'Name of disks that share the limits.' }),
      totalBytesSecMaxLength: rate('total_bytes_sec_max_length', 'Seconds such a burst may last.'),
      readBytesSecMaxLength: rate('read_bytes_sec_max_length', 'Seconds such a burst may last.'),
      writeBytesSecMaxLength: rate('write_bytes_sec_max_length', 'Seconds such a burst may last.'),
      totalIopsSecMaxLength: rate('total_iops_sec_max_length', 'Seconds such a burst may last.'),
      readIopsSecMaxLength: rate('read_iops_sec_max_length', 'Seconds such a burst may last.'),
      writeIopsSecMaxLength: rate('write_iops_sec_max_length', 'Seconds such a burst may last.'),
    },
  },
  {
    check(model, report) {
      for (const kind of ['BytesSec', 'IopsSec', 'BytesSecMax', 'IopsSecMax'] as const)
        if (model[`total${kind}`] && (model[`read${kind}`] || model[`write${kind}`]))
          report.error('conflict', [`total${kind}`], 'a limit is for both ways together, or for each');
    },
  },
);

/** Limits in bytes or requests a second, with what a burst may have (`…Max`) and for how many seconds (`…MaxLength`). */
export type Iotune = Infer<typeof iotune>;
