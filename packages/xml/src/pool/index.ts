// <pool>: a storage pool.
// SPDX-License-Identifier: Apache-2.0
import { attribute, child, element, leaf, many, size } from '../schema/element.js';
import type { Infer } from '../schema/infer.js';
import { nonEmptyText, uint16, uuid } from '../schema/scalar.js';
import { permissions } from '../volume/permissions.js';

const inBytes = { unit: 'bytes', defaultUnit: 'bytes' } as const;

const source = element('source', {
  doc: 'Where it comes from.',
  hasBothTags: true,
  fields: {
    hosts: many(
      element('host', {
        doc: 'A server that has it.',
        fields: {
          name: attribute(nonEmptyText, { doc: 'Its name.', required: true }),
          port: attribute(uint16, { doc: 'Its port.' }),
        },
      }),
    ),
    devices: many(
      element('device', {
        doc: 'A device it is on.',
        fields: { path: attribute(nonEmptyText, { doc: 'Its path, or name.', required: true }) },
      }),
    ),
    dir: child(
      element('dir', {
        doc: 'A directory of the server.',
        fields: { path: attribute(nonEmptyText, { doc: 'Its path.', required: true }) },
      }),
    ),
    name: leaf('name', nonEmptyText, { doc: 'Name of a group of volumes, or the like.' }),
    format: child(
      element('format', {
        doc: 'What it is formatted as.',
        fields: { type: attribute(nonEmptyText, { doc: 'Its name.', required: true }) },
      }),
    ),
  },
});

/** Sizes are in bytes, and only what reports a pool says them. */
export const pool = element('pool', {
  doc: 'A storage pool.',
  example:
    "<pool type='dir'>\n  <name>default</name>\n  <target>\n    <path>/srv/images</path>\n  </target>\n</pool>",
  fields: {
    type: attribute(nonEmptyText, {
      doc: 'What it is kept in: dir, fs, netfs, logical, disk and others.',
      required: true,
    }),
    name: leaf('name', nonEmptyText, {
      doc: 'Its name, unique on the host; that of its source when absent.',
    }),
    uuid: leaf('uuid', uuid, { doc: 'Its UUID.' }),
    capacityBytes: size('capacity', { ...inBytes, doc: 'How much it can hold.' }),
    allocationBytes: size('allocation', { ...inBytes, doc: 'How much is taken.' }),
    availableBytes: size('available', { ...inBytes, doc: 'How much is free.' }),
    source: child(source),
    target: child(
      element('target', {
        doc: 'Where it is on the host.',
        fields: {
          path: leaf('path', nonEmptyText, { doc: 'The path.' }),
          permissions: child(permissions),
        },
      }),
    ),
  },
});

/** A pool by its type: where it comes from (`source`) and where it is on the host (`target`). */
export type Pool = Infer<typeof pool>;
