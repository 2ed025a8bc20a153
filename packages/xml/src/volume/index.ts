// <volume>: one thing in a storage pool.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, size } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText } from '../schema/scalar.js';
import { permissions } from './permissions.js';

const inBytes = { unit: 'bytes', defaultUnit: 'bytes' } as const;

const format = element('format', {
  doc: 'What it is formatted as.',
  fields: { type: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
});

const inPlace = {
  path: leaf('path', nonEmptyText, { doc: 'The path.' }),
  format: child(format),
  permissions: child(permissions),
};

/** Sizes are in bytes. */
export const volume = element('volume', {
  doc: 'One thing in a storage pool: a file, a directory, a device.',
  example: "<volume type='dir'>\n  <name>web</name>\n  <capacity unit='bytes'>0</capacity>\n</volume>",
  fields: {
    type: attribute(nonEmptyText, { doc: 'What it is: file, block, dir, network and others.' }),
    name: leaf('name', nonEmptyText, { doc: 'Its name, unique in the pool.', required: true }),
    key: leaf('key', nonEmptyText, { doc: 'What it is known by, unique on the host.' }),
    capacityBytes: size('capacity', { ...inBytes, doc: 'How much it can hold.' }),
    allocationBytes: size('allocation', { ...inBytes, doc: 'How much it takes.' }),
    physicalBytes: size('physical', { ...inBytes, doc: 'How much it takes on its device.' }),
    target: child(
      element('target', {
        doc: 'Where it is on the host.',
        fields: inPlace,
      }),
    ),
    backingStore: child(
      element('backingStore', {
        doc: 'What lies beneath it.',
        fields: inPlace,
      }),
    ),
  },
});

/** A volume by its name in the pool; where it is (`target`), and what lies beneath it. */
export type Volume = Infer<typeof volume>;
